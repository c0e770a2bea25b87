// The reading rule at the point of a write: turns its "no" into an error that tells the caller no more than a read would.
import { ConversationAccessError } from '../errors.ts';
import type { ConversationRecord } from './conversation.ts';
import { type Caller, type ConversationWrite, mayRead, mayWrite } from './reading-rule.ts';

/** Who writes which conversation. */
export interface WriteTarget extends Caller {
  readonly conversationId: string;
}

const editors = 'its owner, or a named user where the tenant may edit';

const rules: Readonly<Record<ConversationWrite['kind'], string>> = {
  append: `must be appended to by ${editors}`,
  'delete message': `must lose messages only by ${editors}`,
  share: 'must be shared by its owner',
  archive: 'must be archived by its owner',
};

/**
 * @returns the conversation
 * @throws ConversationAccessError
 */
export function requireWritable(
  conversation: ConversationRecord | null,
  target: WriteTarget,
  write: ConversationWrite,
): ConversationRecord {
  if (conversation !== null && mayWrite(conversation, target, write)) return conversation;
  const name = `conversation ${JSON.stringify(target.conversationId)}`;
  if (conversation === null || !mayRead(conversation, target)) {
    throw new ConversationAccessError(
      'CONVERSATION_NOT_FOUND',
      `${name} must exist and be open to the caller, got none of that id`,
    );
  }
  const user = target.userId === undefined ? 'no user' : `user ${JSON.stringify(target.userId)}`;
  throw new ConversationAccessError(
    'CONVERSATION_WRITE_REFUSED',
    `${name} ${rules[write.kind]}, got ${user}`,
  );
}
