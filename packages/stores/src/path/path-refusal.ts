// Why a write of paths was refused, in words: the same for every variant. A refusal is a value where it is decided, in
// SQL too, and an error where it leaves the store.
import { ConversationAccessError, ConversationPathError, type ConversationPathErrorCode } from '../errors.ts';

export const refusalCodes = [
  'CONVERSATION_NOT_FOUND',
  'PATH_NOT_FOUND',
  'MESSAGE_NOT_FOUND',
  'MESSAGE_NOT_ON_PATH',
  'PATH_IS_PRIMARY',
  'PATH_IS_ARCHIVED',
  'PATH_IS_MERGED',
  'PATH_HAS_BRANCHES',
] as const satisfies readonly (ConversationPathErrorCode | 'CONVERSATION_NOT_FOUND')[];

export interface PathRefusal {
  readonly refused: (typeof refusalCodes)[number];
  /** The id of the conversation, path or message that the rule is about. */
  readonly subject: string;
}

export function toRefusalError({
  refused,
  subject,
}: PathRefusal): ConversationAccessError | ConversationPathError {
  const id = JSON.stringify(subject);
  switch (refused) {
    case 'CONVERSATION_NOT_FOUND':
      return new ConversationAccessError(
        refused,
        `conversation ${id} must be one of the tenant, got none of that id`,
      );
    case 'PATH_NOT_FOUND':
      return new ConversationPathError(
        refused,
        `path ${id} must be one of the tenant and of the conversation, got none of that id`,
      );
    case 'MESSAGE_NOT_FOUND':
      return new ConversationPathError(
        refused,
        `message ${id} must be one of the tenant and not deleted, got none of that id`,
      );
    case 'MESSAGE_NOT_ON_PATH':
      return new ConversationPathError(refused, `message ${id} must be on the path, got one that is not`);
    case 'PATH_IS_PRIMARY':
      return new ConversationPathError(
        refused,
        `path ${id} must not be the primary one to be deleted or merged`,
      );
    case 'PATH_IS_ARCHIVED':
      return new ConversationPathError(refused, `path ${id} must be active, got one that is archived`);
    case 'PATH_IS_MERGED':
      return new ConversationPathError(
        refused,
        `path ${id} must not have been merged before: branch from it, and merge the branch`,
      );
    case 'PATH_HAS_BRANCHES':
      return new ConversationPathError(
        refused,
        `path ${id} must have no branches to be deleted for good: delete them first, or archive it`,
      );
  }
}
