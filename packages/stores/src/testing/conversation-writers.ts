// Everything that writes rows of `conversations`, by the name it has in SQL, and how to make it happen (#13). One test
// holds this list to be complete, another runs all of it in one process and reads in another.
import type { Client } from 'pg';
import type { ConversationStore } from '../conversation/conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';
import type { ConversationPathStore } from '../path/path-store.ts';
import type { ConversationPath } from '../path/path.ts';

export interface WriterScene {
  /** The stores of the instance that writes. */
  readonly conversations: ConversationStore;
  readonly paths: ConversationPathStore;
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

/** A path beside the primary one, to which messages go from now on. */
async function openPath({ paths, target }: WriterScene): Promise<ConversationPath> {
  const { id: pathId } = await paths.createPath(conversationOf(target));
  return paths.setActivePath({ ...conversationOf(target), pathId });
}

async function pathOf({ paths, target }: WriterScene, isPrimary: boolean): Promise<string> {
  const found = (await paths.listPaths(conversationOf(target)))?.find((path) => path.isPrimary === isPrimary);
  if (found === undefined) throw new Error('the conversation lacks the path');
  return found.id;
}

function conversationOf({ tenantId, conversationId }: WriterScene['target']): {
  readonly tenantId: string;
  readonly conversationId: string;
} {
  return { tenantId, conversationId };
}

/** A path with a message, in a conversation that shows nothing of either. */
async function hidePath(scene: WriterScene): Promise<void> {
  await openPath(scene);
  await scene.conversations.appendMessage({ ...scene.target, role: 'user', content: 'aside' });
  await scene.database.query(
    'update copilot_internal.conversations set active_path_id = null, last_message_at = null where id = $1',
    [scene.target.conversationId],
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
  activate_conversation_path: {
    prepare: ({ paths, target }) => paths.createPath(conversationOf(target)),
    write: async (scene) => {
      const pathId = await pathOf(scene, false);
      return scene.paths.setActivePath({ ...conversationOf(scene.target), pathId });
    },
    isSeenIn: (conversation) => conversation?.activePathId !== undefined,
  },
  ensure_primary_path: {
    write: ({ paths, target }) => paths.ensurePrimaryPath(conversationOf(target)),
    isSeenIn: (conversation) => conversation?.activePathId !== undefined,
  },
  delete_conversation_path: {
    prepare: openPath,
    write: async (scene) => {
      const pathId = await pathOf(scene, false);
      return scene.paths.deletePath({ tenantId: scene.target.tenantId, pathId });
    },
    isSeenIn: (conversation) => conversation !== null && conversation.activePathId === undefined,
  },
  merge_conversation_path: {
    prepare: hidePath,
    write: async (scene) => {
      const [sourcePathId, targetPathId] = [await pathOf(scene, false), await pathOf(scene, true)];
      const { tenantId } = scene.target;
      return scene.paths.mergePath({ tenantId, sourcePathId, targetPathId, mode: 'full' });
    },
    isSeenIn: (conversation) => conversation?.lastMessageAt !== undefined,
  },
  conversations_active_path_exists: {
    prepare: openPath,
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
