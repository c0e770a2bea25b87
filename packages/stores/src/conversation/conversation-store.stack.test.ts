// The conversation stores on a real PostgreSQL, Data API and Redis.
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ConversationInstance,
  plantConversation,
  startConversationInstance,
} from '../testing/conversation-instance.ts';
import { describeConversationHistories } from '../testing/conversation-history.ts';
import { describeConversationLists } from '../testing/conversation-list-suite.ts';
import { describeConversationStore } from '../testing/conversation-store-suite.ts';
import { awkwardIds } from '../testing/policy-arbitrary.ts';
import { connectSupabase } from '../testing/policy-instance.ts';
import { newTenant } from '../testing/conversation-under-test.ts';
import { tidemarkPassed } from '../testing/tidemark-passed.ts';
import type { ConversationRecord } from './conversation.ts';
import { SupabaseConversationStore } from './supabase-conversation-store.ts';

/** Each costs round trips to real servers. */
const runs = 15;

let stack: Stack;
let database: Client;
let redis: Redis;
let on: ConversationInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  redis = new Redis(stack.redisUrl);
  on = startConversationInstance(stack);
  await on.cache.ready();
});

afterAll(async () => {
  await on.cache.close();
  redis.disconnect();
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
describeConversationHistories('SupabaseConversationStore', source);
describeConversationHistories('CachingConversationStore over Supabase', cached);

const ann = { tenantId: 'acme', userId: 'ann' };

async function create(title = 'a title'): Promise<typeof ann & { readonly conversationId: string }> {
  return { ...ann, ...(await on.source.createConversation({ ...ann, title })) };
}

test.each(awkwardIds)('a conversation that others called %j is found under that id', async (id) => {
  await database.query(`insert into copilot_internal.conversations (id, tenant_id) values ($1, 'acme')`, [
    id,
  ]);
  expect(await on.source.readRow(id)).toMatchObject({ id, tenantId: 'acme' });
});

describe('a list', () => {
  test('loses no conversation between two whose last messages are a microsecond apart (#11)', async () => {
    const tenantId = newTenant();
    await database.query(
      `insert into copilot_internal.conversations (tenant_id, last_message_at)
       select $1, '2026-01-01'::timestamptz + n * interval '1 microsecond' from generate_series(1, 9) n`,
      [tenantId],
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await on.source.listConversations({
        tenantId,
        limit: 2,
        ...(cursor !== undefined && { cursor }),
      });
      seen.push(...page.conversations.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined && seen.length < 100);
    const { rows } = await database.query<{ id: string }>(
      'select id from copilot_internal.conversations where tenant_id = $1 order by last_message_at desc',
      [tenantId],
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
  });
});

describe('an error of the real Data API', () => {
  test('shows its code: no grant for anon (#23)', async () => {
    const store = new SupabaseConversationStore(connectSupabase(stack, stack.anonKey));
    const refusal = { code: 'SOURCE_FAILED', sourceCode: '42501' };
    const target = { ...ann, conversationId: 'c' };
    await expect(store.getConversation(target)).rejects.toMatchObject(refusal);
    await expect(store.getMessages(target)).rejects.toMatchObject(refusal);
    await expect(store.listConversations(ann)).rejects.toMatchObject(refusal);
    await expect(store.createConversation(ann)).rejects.toMatchObject(refusal);
  });
});

describe('L2 (#13)', () => {
  /** Reads once the round of every earlier write is over: an earlier fill would be unlinked by it. */
  async function loadIntoL2(target: Awaited<ReturnType<typeof create>>): Promise<string> {
    const key = `copilot:conv:conversation:${target.conversationId}`;
    await tidemarkPassed(on.cache);
    await on.store.getConversation(target, { fresh: true });
    await until(async () => (await redis.exists(key)) === 1, { what: `${key} in Redis` });
    return key;
  }

  const regionOf = (instance: ConversationInstance): unknown => instance.cache.status().regions[0];

  test('holds a conversation under its id, for a minute at most (#31)', async () => {
    const key = await loadIntoL2(await create());
    const ttlSeconds = await redis.ttl(key);
    expect(ttlSeconds).toBeGreaterThan(0);
    // The jitter of the cache may add a tenth.
    expect(ttlSeconds).toBeLessThanOrEqual(66);
  });

  test('serves an instance that has never asked the source, by the rule, dates as dates (#12)', async () => {
    const target = await create();
    await plant(target.conversationId, {
      traceId: 'a trace',
      authorizationSpec: { store: { of: [null, 1] } },
    });
    await loadIntoL2(target);
    await using other = startConversationInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getConversation({ ...target, userId: 'bob' })).toBeNull();
    expect(await other.store.getConversation({ ...target, tenantId: 'umbrella' })).toBeNull();
    expect(await other.store.getConversation(target)).toStrictEqual(await on.source.getConversation(target));
    expect(regionOf(other)).toMatchObject({ l2Hits: 1, loads: 0 });
  });

  test('is not believed when it holds what no conversation may be (#44)', async () => {
    const target = await create('believe me');
    const key = await loadIntoL2(target);
    const stored = (await redis.get(key)) ?? '';
    expect(stored).toContain('"private"');
    await redis.set(key, stored.replace('"private"', '"world"'), 'EX', 60);
    await using other = startConversationInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getConversation(target)).toMatchObject({ shareAudience: 'private' });
    expect(regionOf(other)).toMatchObject({ l2Hits: 0, loads: 1 });
  });

  test('does not show the entry of another conversation under this key (#44)', async () => {
    const [mine, theirs] = [await create('mine'), await create('theirs')];
    const [key, other] = [await loadIntoL2(mine), await loadIntoL2(theirs)];
    await redis.set(key, (await redis.get(other)) ?? '', 'EX', 60);
    await using instance = startConversationInstance(stack, { hasEngine: false });
    await instance.cache.ready();
    expect(await instance.store.getConversation(mine)).toMatchObject({ title: 'mine' });
  });
});
