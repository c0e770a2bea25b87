// What both variants say when a context is written for a conversation that the tenant does not have.
import { ConversationAccessError } from '../errors.ts';
import type { ContextIdentity } from './context.ts';

export function conversationMissing({ conversationId }: ContextIdentity): ConversationAccessError {
  return new ConversationAccessError(
    'CONVERSATION_NOT_FOUND',
    `the conversation must exist before its context, got ${JSON.stringify(conversationId)}`,
  );
}
