// The suites in memory, and what only a store in memory could get wrong.
import { expect, test } from 'vitest';
import { describeConversationLists } from '../testing/conversation-list-suite.ts';
import { describeConversationStore } from '../testing/conversation-store-suite.ts';
import type { ConversationStoreUnderTest } from '../testing/conversation-under-test.ts';
import { InMemoryConversationData } from './in-memory-conversation-data.ts';
import { InMemoryConversationStore } from './in-memory-conversation-store.ts';

const data = new InMemoryConversationData();
const store = new InMemoryConversationStore(data);

const subject: ConversationStoreUnderTest = {
  store: () => store,
  plant: async (conversationId, changes) => {
    data.conversations.set(conversationId, { ...data.conversations.get(conversationId)!, ...changes });
  },
  runs: 100,
};

describeConversationStore('InMemoryConversationStore', subject);
describeConversationLists('InMemoryConversationStore', subject);

test('changing what was read changes nothing in the store', async () => {
  const { conversationId } = await store.createConversation({ tenantId: 't', jurisdictions: ['eu'] });
  const target = { tenantId: 't', conversationId };
  await store.appendMessage({ ...target, role: 'user', content: 'x', metadata: { a: [1] } });
  const read = [
    await store.getConversation(target),
    ...(await store.listConversations({ tenantId: 't' })).conversations,
  ];
  for (const conversation of read) (conversation!.jurisdictions as string[]).push('us');
  const [message] = (await store.getMessages(target))!;
  (message!.metadata!['a'] as number[]).push(2);
  expect((await store.getConversation(target))?.jurisdictions).toEqual(['eu']);
  expect((await store.getMessages(target))?.[0]?.metadata).toEqual({ a: [1] });
});

test('the clock that stands still, or goes back, does not change the order of things', async () => {
  const times = [1_000, 1_000, 500, 1_000];
  const stalled = new InMemoryConversationData({ wallMs: () => times.shift() ?? 0 });
  const stamps = [stalled.stamp(), stalled.stamp(), stalled.stamp(), stalled.stamp()];
  expect(stamps.map((stamp) => stamp.getTime())).toEqual([1_000, 1_001, 1_002, 1_003]);
});
