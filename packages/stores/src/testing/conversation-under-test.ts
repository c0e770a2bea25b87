// What the suites of conversation stores are run against, and the little that all of them need.
import type { ConversationStore, CreateConversationInput } from '../conversation/conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';

export interface ConversationStoreUnderTest {
  /** It may hold conversations of earlier tests. */
  readonly store: () => ConversationStore;
  /** Changes a row as somebody would who doesn't go through the store; absent fields stay. */
  readonly plant: (conversationId: string, changes: Partial<ConversationRecord>) => Promise<void>;
  /** How many generated cases a property tries: fewer where each costs many round trips. */
  readonly runs: number;
}

let tenants = 0;

/** A tenant of which no other test knows. */
export function newTenant(): string {
  tenants += 1;
  return `suite-tenant-${process.pid}-${tenants}`;
}

export async function createConversation(
  store: ConversationStore,
  input: CreateConversationInput,
): Promise<string> {
  return (await store.createConversation(input)).conversationId;
}

export async function say(
  store: ConversationStore,
  conversation: { readonly tenantId: string; readonly conversationId: string },
  ...contents: readonly string[]
): Promise<string[]> {
  const messageIds: string[] = [];
  for (const content of contents) {
    const { messageId } = await store.appendMessage({ ...conversation, role: 'assistant', content });
    messageIds.push(messageId);
  }
  return messageIds;
}
