// The suite in memory, and what only a store in memory could get wrong.
import { expect, test } from 'vitest';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { describeContextStore } from '../testing/context-store-suite.ts';
import { InMemoryConversationContextStore } from './in-memory-context-store.ts';

const data = new InMemoryConversationData();
const conversations = new InMemoryConversationStore(data);
const store = new InMemoryConversationContextStore(data);

async function newConversation(tenantId: string): Promise<string> {
  const { conversationId } = await conversations.createConversation({ tenantId });
  return conversationId;
}

describeContextStore('InMemoryConversationContextStore', { store: () => store, newConversation, runs: 200 });

test('a context goes with its conversation, as the foreign key does it', async () => {
  const identity = { tenantId: 't', conversationId: await newConversation('t') };
  await store.save(identity, { activeNodeIds: ['a'] });
  data.conversations.delete(identity.conversationId);
  expect(await store.load(identity)).toBeNull();
});

test('without the data of conversations every conversation counts as there', async () => {
  const alone = new InMemoryConversationContextStore();
  const identity = { tenantId: 't', conversationId: 'anything' };
  await alone.mergeActiveNodeIds(identity, ['a']);
  expect(await alone.load(identity)).toEqual({ activeNodeIds: ['a'] });
});

test('ids that could be mistaken for others when put together are not', async () => {
  const alone = new InMemoryConversationContextStore();
  await alone.save({ tenantId: 'a","b', conversationId: 'c' }, { activeNodeIds: ['x'] });
  expect(await alone.load({ tenantId: 'a', conversationId: 'b","c' })).toBeNull();
});
