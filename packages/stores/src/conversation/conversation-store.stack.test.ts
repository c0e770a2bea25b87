// The conversation stores on a real PostgreSQL, Data API and Redis.
import { startStack, type Stack } from '@tidemark/devstack';
import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import {
  type ConversationInstance,
  plantConversation,
  startConversationInstance,
} from '../testing/conversation-instance.ts';
import { describeConversationLists } from '../testing/conversation-list-suite.ts';
import { describeConversationStore } from '../testing/conversation-store-suite.ts';
import type { ConversationRecord } from './conversation.ts';

/** Each costs round trips to real servers. */
const runs = 15;

let stack: Stack;
let database: Client;
let on: ConversationInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  on = startConversationInstance(stack);
  await on.cache.ready();
});

afterAll(async () => {
  await on.cache.close();
  await database.end();
  await stack.close();
});

const plant = (conversationId: string, changes: Partial<ConversationRecord>): Promise<void> =>
  plantConversation(database, conversationId, changes);

const source = { store: () => on.source, plant, runs };
const cached = {
  store: () => on.store,
  // As whoever writes the row beside the store does it in an app.
  plant: (conversationId: string, changes: Partial<ConversationRecord>) =>
    on.store.writeRow(conversationId, () => plant(conversationId, changes)),
  runs,
};

describeConversationStore('SupabaseConversationStore', source);
describeConversationLists('SupabaseConversationStore', source);
describeConversationStore('CachingConversationStore over Supabase', cached);
describeConversationLists('CachingConversationStore over Supabase', cached);
