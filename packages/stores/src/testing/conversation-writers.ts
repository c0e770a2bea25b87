// Everything that writes rows of `conversations`, by the name it has in SQL, and how to make it happen (#13). One test
// holds this list to be complete, another runs all of it in one process and reads in another.
import type { Client } from 'pg';
import type { ConversationStore } from '../conversation/conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';

export interface WriterScene {
  /** The stores of the instance that writes. */
  readonly conversations: ConversationStore;
  /** Past all stores. */
  readonly database: Client;
  readonly target: { readonly tenantId: string; readonly conversationId: string; readonly userId: string };
}

export interface ConversationWriter {
  /** Before anybody has read the conversation. */
  readonly prepare?: (scene: WriterScene) => Promise<unknown>;
  readonly write: (scene: WriterScene) => Promise<unknown>;
  readonly isSeenIn: (conversation: ConversationRecord | null) => boolean;
}

async function activateNewPath({ database, target }: WriterScene): Promise<void> {
  await database.query(
    `with made as (
       insert into copilot_internal.conversation_paths (tenant_id, conversation_id) values ($1, $2) returning id
     )
     select id from made`,
    [target.tenantId, target.conversationId],
  );
  await database.query(
    `update copilot_internal.conversations c set active_path_id = p.id
     from copilot_internal.conversation_paths p
     where c.id = $1 and p.conversation_id = c.id and not p.is_primary`,
    [target.conversationId],
  );
}

/** Functions, and constraints by which another table writes. */
export const conversationWriters: Readonly<Record<string, ConversationWriter>> = {
  append_message: {
    write: ({ conversations, target }) =>
      conversations.appendMessage({ ...target, role: 'user', content: 'hello' }),
    isSeenIn: (conversation) => conversation?.lastMessageAt !== undefined,
  },
  update_conversation_sharing: {
    write: ({ conversations, target }) =>
      conversations.updateSharing({ ...target, shareAudience: 'tenant', title: 'new' }),
    isSeenIn: (conversation) => conversation?.shareAudience === 'tenant' && conversation.title === 'new',
  },
  set_conversation_archived: {
    write: ({ conversations, target }) => conversations.setArchivedState({ ...target, archived: true }),
    isSeenIn: (conversation) => conversation?.archivedAt !== undefined,
  },
  conversations_active_path_exists: {
    prepare: activateNewPath,
    write: ({ database, target }) =>
      database.query(
        'delete from copilot_internal.conversation_paths where conversation_id = $1 and not is_primary',
        [target.conversationId],
      ),
    isSeenIn: (conversation) => conversation !== null && conversation.activePathId === undefined,
  },
};

/** Writers without a name: somebody with SQL. */
export const anonymousWriters: Readonly<Record<string, ConversationWriter>> = {
  'an update by SQL': {
    write: ({ database, target }) =>
      database.query(`update copilot_internal.conversations set title = 'by SQL' where id = $1`, [
        target.conversationId,
      ]),
    isSeenIn: (conversation) => conversation?.title === 'by SQL',
  },
  'a delete by SQL': {
    write: ({ database, target }) =>
      database.query('delete from copilot_internal.conversations where id = $1', [target.conversationId]),
    isSeenIn: (conversation) => conversation === null,
  },
};
