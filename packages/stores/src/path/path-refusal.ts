// Why a write of paths was refused, in words: the same for every variant. A refusal is a value where it is decided, in
// SQL too, and an error where it leaves the store.
import { ConversationAccessError, ConversationPathError, type ConversationPathErrorCode } from '../errors.ts';

export type PathRefusalCode = ConversationPathErrorCode | 'CONVERSATION_NOT_FOUND';

export interface PathRefusal {
  readonly refused: PathRefusalCode;
  /** The id of the conversation, path or message that the rule is about. */
  readonly subject: string;
}

/** What the subject is, and what it must be. */
const rules: Readonly<Record<PathRefusalCode, readonly [thing: string, rule: string]>> = {
  CONVERSATION_NOT_FOUND: ['conversation', 'must be one of the tenant, got none of that id'],
  PATH_NOT_FOUND: ['path', 'must be one of the tenant and of the conversation, got none of that id'],
  MESSAGE_NOT_FOUND: ['message', 'must be one of the tenant and not deleted, got none of that id'],
  MESSAGE_NOT_ON_PATH: ['message', 'must be on the path, got one that is not'],
  PATH_IS_PRIMARY: ['path', 'must not be the primary one to be deleted or merged'],
  PATH_IS_ARCHIVED: ['path', 'must be active, got one that is archived'],
  PATH_IS_MERGED: ['path', 'must not have been merged before: branch from it, and merge the branch'],
  PATH_HAS_BRANCHES: [
    'path',
    'must have no branches to be deleted for good: delete them first, or archive it',
  ],
};

export function toRefusalError({
  refused,
  subject,
}: PathRefusal): ConversationAccessError | ConversationPathError {
  const [thing, rule] = rules[refused];
  const message = `${thing} ${JSON.stringify(subject)} ${rule}`;
  return refused === 'CONVERSATION_NOT_FOUND'
    ? new ConversationAccessError(refused, message)
    : new ConversationPathError(refused, message);
}
