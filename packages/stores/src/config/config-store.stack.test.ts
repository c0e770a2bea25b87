// The config stores on a real PostgreSQL, Data API and Redis.
import { encodeKey } from '@tidemark/cache';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConfigInstance, type ConfigInstance } from '../testing/config-instance.ts';
import { describeConfigStore } from '../testing/config-store-suite.ts';
import { connectSupabase } from '../testing/policy-instance.ts';
import { tidemarkPassed } from '../testing/tidemark-passed.ts';
import type { ConfigIdentity, ConversationConfigPatch } from './config.ts';
import { scopeKeysOf } from './scope-key.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

/** Each costs tens of round trips to real servers. */
const runs = 6;

let stack: Stack;
let database: Pool;
let redis: Redis;
let on: ConfigInstance;
let off: ConfigInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  database = new Pool({ connectionString: stack.databaseUrl, max: 6 });
  redis = new Redis(stack.redisUrl);
  on = startConfigInstance(stack);
  off = startConfigInstance(stack, { isEnabled: false, hasEngine: false });
  await on.cache.ready();
});

afterAll(async () => {
  await on.cache.close();
  await off.cache.close();
  redis.disconnect();
  await database.end();
  await stack.close();
});

test('without any row the defaults apply, since the start of 1970 (#9)', async () => {
  const expected = { configLevel: 'global', configScope: 'global', updatedAt: new Date(0) };
  expect(await on.source.getConfig({ tenantId: 't', userId: 'u' })).toMatchObject(expected);
  expect(await on.store.getConfig({ tenantId: 't', userId: 'u' })).toMatchObject(expected);
});

async function effectiveConfig({ tenantId, userId }: ConfigIdentity): Promise<unknown> {
  const { rows } = await database.query<Record<string, unknown>>(
    'select * from copilot_internal.effective_config($1, $2)',
    [tenantId, userId],
  );
  const named = Object.entries(rows[0] ?? {}).map(([column, value]) => [
    column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(named) as unknown;
}

describeConfigStore('SupabaseConversationConfigStore, and effective_config in SQL,', {
  runs,
  store: () => on.source,
  alsoSays: effectiveConfig,
});
describeConfigStore('CachingConversationConfigStore over Supabase', {
  runs,
  store: () => on.store,
});
describeConfigStore('CachingConversationConfigStore over Supabase that is switched off', {
  runs,
  store: () => off.store,
});

describe('a set (#8)', () => {
  test('stores only what was set, and who set it', async () => {
    await on.source.setTenantConfig({
      tenantId: 'written',
      config: { mergeMaxMessages: 7, pathCompressionThreshold: 0.1 },
      updatedBy: 'admin-1',
    });
    const { rows } = await database.query<Record<string, unknown>>(
      `select * from copilot_internal.conversation_configs where scope_key = 'written'`,
    );
    expect(rows[0]).toEqual({
      scope_key: 'written',
      tenant_id: 'written',
      user_id: null,
      merge_compression_strategy: null,
      merge_max_messages: 7,
      merge_preserve_pinned: null,
      path_compression_strategy: null,
      path_max_messages: null,
      path_sliding_window_size: null,
      path_compression_threshold: 0.1,
      auto_compact_enabled: null,
      compaction_interval_minutes: null,
      created_at: expect.any(Date),
      updated_at: expect.any(Date),
      updated_by: 'admin-1',
    });
  });

  test('of one field never undoes a set of another at the same time, from whatever instance', async () => {
    const patches: readonly ConversationConfigPatch[] = [
      { mergeMaxMessages: 1 },
      { pathMaxMessages: 2 },
      { pathSlidingWindowSize: 3 },
      { compactionIntervalMinutes: 4 },
      { autoCompactEnabled: false },
      { mergePreservePinned: false },
    ];
    for (let round = 0; round < 10; round += 1) {
      const level = { tenantId: `crowded-${round}`, userId: 'u' };
      await Promise.all(
        patches.map((config, index) =>
          (index % 2 === 0 ? on.store : off.store).setUserConfig({ ...level, config }),
        ),
      );
      const expected = Object.assign({}, ...patches) as object;
      expect(await on.source.getConfig(level)).toMatchObject(expected);
      expect(await on.store.getConfig(level, { fresh: true })).toMatchObject(expected);
    }
  });
});

test('an error of the real Data API shows its code: no grant for anon (#23)', async () => {
  const store = new SupabaseConversationConfigStore(connectSupabase(stack, stack.anonKey));
  const refusal = { code: 'SOURCE_FAILED', sourceCode: '42501' };
  await expect(store.getConfig({ tenantId: 't' })).rejects.toMatchObject(refusal);
  await expect(store.setGlobalConfig({})).rejects.toMatchObject(refusal);
  await expect(store.deleteTenantConfig('t')).rejects.toMatchObject(refusal);
});

describe('L2 (#10)', () => {
  const level = { tenantId: 'a:b%c', userId: 'u:v' };
  const keys = [
    'copilot:conv:config:global',
    'copilot:conv:config:a%3Ab%25c',
    'copilot:conv:config:a%3Ab%25c:u%3Av',
  ];

  test('holds each level under its key, for the TTL at most, "no row" too', async () => {
    await on.source.setUserConfig({ ...level, config: { mergeMaxMessages: 7 } });
    await loadIntoL2(level);
    for (const key of keys) {
      const ttlSeconds = await redis.ttl(key);
      expect(ttlSeconds).toBeGreaterThan(0);
      expect(ttlSeconds).toBeLessThanOrEqual(300);
    }
    expect(await redis.get('copilot:conv:config:a%3Ab%25c')).toContain('null');
  });

  test('serves an instance that has never asked the source, with one MGET, and dates are dates', async () => {
    await on.source.setUserConfig({
      ...level,
      config: { mergeMaxMessages: 8, pathCompressionThreshold: 0.3 },
    });
    await loadIntoL2(level);
    await using other = startConfigInstance(stack, { hasEngine: false });
    await other.cache.ready();
    const before = await callsOf('mget');
    const config = await other.store.getConfig(level);
    expect((await callsOf('mget')) - before).toBe(1);
    expect(config).toStrictEqual(await on.source.getConfig(level));
    expect(config.updatedAt).toBeInstanceOf(Date);
    expect(regionOf(other)).toMatchObject({ l2Hits: 3, loads: 0 });
    expect(await other.store.getConfig(level)).toBe(config);
  });

  test('loses one value to a change for everybody, whatever the number of tenants and users', async () => {
    const users = Array.from({ length: 20 }, (_, index) => ({ tenantId: `tenant-${index}`, userId: 'u' }));
    for (const identity of users) await on.store.getConfig(identity, { fresh: true });
    await loadIntoL2(users[0]!);
    await on.store.setGlobalConfig({ mergeMaxMessages: 77 });
    await tidemarkPassed(on.cache);
    const loads = regionOf(on)?.loads ?? 0;
    for (const identity of users) {
      expect(await on.store.getConfig(identity)).toMatchObject({ mergeMaxMessages: 77 });
    }
    expect(regionOf(on)?.loads).toBe(loads + 1);
    const ofUsers = users.flatMap(({ tenantId, userId }) => [tenantId, `${tenantId}:${userId}`]);
    expect(await redis.exists(...ofUsers.map((key) => `copilot:conv:config:${key}`))).toBe(40);
  });

  test('is not believed when it holds what no config may be', async () => {
    const key = 'copilot:conv:config:forged';
    await on.source.setTenantConfig({ tenantId: 'forged', config: { mergeCompressionStrategy: 'minimal' } });
    await loadIntoL2({ tenantId: 'forged' });
    const stored = (await redis.get(key)) ?? '';
    expect(stored).toContain('minimal');
    await redis.set(key, stored.replace('minimal', 'maximal'), 'EX', 60);

    await using other = startConfigInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getConfig({ tenantId: 'forged' })).toMatchObject({
      mergeCompressionStrategy: 'minimal',
    });
  });

  test('is never searched: no SCAN and no KEYS', async () => {
    await off.store.setGlobalConfig({ mergeMaxMessages: 1 });
    await on.store.deleteTenantConfig('forged');
    expect(await callsOf('scan')).toBe(0);
    expect(await callsOf('keys')).toBe(0);
  });
});

/** Reads once the round of every earlier write is over: an earlier fill would be unlinked by it. */
async function loadIntoL2(identity: ConfigIdentity): Promise<void> {
  await tidemarkPassed(on.cache);
  await on.store.getConfig(identity, { fresh: true });
  const keys = scopeKeysOf(identity).map((key) => `copilot:conv:config:${encodeKey(key)}`);
  await until(async () => (await redis.exists(...keys)) === keys.length, { what: `${keys.join()} in Redis` });
}

async function callsOf(command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}

function regionOf(instance: ConfigInstance): { readonly loads: number; readonly l2Hits: number } | undefined {
  return instance.cache.status().regions.find(({ name }) => name === 'conv:config');
}
