// Whether the caller may see a conversation, or add to it: asked before anything is done for him, and anew each time,
// because sharing can be withdrawn. What he may not read looks like what is not there.
import { type ConversationRecord, type ConversationStore, mayWrite } from '@tidemark/stores';
import { Refusal } from '../routes/refusal.ts';

export interface Subject {
  readonly tenantId: string;
  readonly userId: string;
  readonly conversationId: string;
}

/** @throws Refusal 404 */
export async function requireReadable(
  conversations: ConversationStore,
  subject: Subject,
): Promise<ConversationRecord> {
  const conversation = await conversations.getConversation(subject);
  if (conversation !== null) return conversation;
  throw new Refusal(404, 'no_conversation', 'there is no such conversation for you');
}

/** @throws Refusal 404; 403 for whoever may read it and not write */
export async function requireWritable(
  conversations: ConversationStore,
  { tenantId, userId, conversationId }: Subject,
): Promise<ConversationRecord> {
  const conversation = await requireReadable(conversations, { tenantId, userId, conversationId });
  if (mayWrite(conversation, { tenantId, userId }, { kind: 'append', role: 'user' })) return conversation;
  throw new Refusal(403, 'read_only', 'you may read this conversation, and not write it');
}
