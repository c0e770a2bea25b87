// The path stores on a real PostgreSQL and Data API. The suites run on Supabase alone, the histories beside cached
// conversations.
import { deepStrictEqual } from 'node:assert/strict';
import { startStack, type Stack } from '@tidemark/devstack';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { type ConversationInstance, startConversationInstance } from '../testing/conversation-instance.ts';
import { pathHistoryArbitrary, PathWorld } from '../testing/path-history.ts';
import { describePathMerges } from '../testing/path-merge-suite.ts';
import { describePathRefusals } from '../testing/path-refusals-suite.ts';
import { describePathStore } from '../testing/path-store-suite.ts';
import type { PathStores } from '../testing/path-stores-under-test.ts';
import { connectSupabase } from '../testing/policy-instance.ts';
import { InMemoryConversationPathStore } from './in-memory-path-store.ts';
import { InvalidatingConversationPathStore } from './invalidating-path-store.ts';
import { SupabaseConversationPathStore } from './supabase-path-store.ts';

/** Each is some hundred round trips. */
const runs = 15;

let stack: Stack;
let instance: ConversationInstance;
let plain: PathStores;
let cached: PathStores;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instance = startConversationInstance(stack);
  await instance.cache.ready();
  const paths = new SupabaseConversationPathStore(instance.supabase);
  plain = { paths, conversations: instance.source };
  cached = {
    paths: new InvalidatingConversationPathStore(paths, instance.store),
    conversations: instance.store,
  };
});

afterAll(async () => {
  await instance.cache.close();
  await stack.close();
});

describePathStore('SupabaseConversationPathStore', () => plain);
describePathMerges('SupabaseConversationPathStore', () => plain);
describePathRefusals('SupabaseConversationPathStore', () => plain);

test('memory and SQL agree on every history of branches, merges, pins and deletes (#15)', async () => {
  await fc.assert(
    fc.asyncProperty(pathHistoryArbitrary, async (history) => {
      const data = new InMemoryConversationData();
      const memory = await PathWorld.open({
        paths: new InMemoryConversationPathStore(data),
        conversations: new InMemoryConversationStore(data),
      });
      const sql = await PathWorld.open(cached);
      for (const command of history) deepStrictEqual(await sql.run(command), await memory.run(command));
      deepStrictEqual(await sql.read(), await memory.read());
    }),
    { numRuns: runs },
  );
});

test('an error of the real Data API shows its code: no grant for anon', async () => {
  const paths = new SupabaseConversationPathStore(connectSupabase(stack, stack.anonKey));
  const refusal = { code: 'SOURCE_FAILED', sourceCode: '42501' };
  const identity = { tenantId: 't', pathId: 'p' };
  await expect(paths.getPath(identity)).rejects.toMatchObject(refusal);
  await expect(paths.deletePath(identity)).rejects.toMatchObject(refusal);
});
