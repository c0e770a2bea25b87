// The policy stores on a real PostgreSQL, Data API and Redis.
import { encodeKey } from '@tidemark/cache';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidRowError } from '../errors.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { connectSupabase, startPolicyInstance, type PolicyInstance } from '../testing/policy-instance.ts';
import { tidemarkPassed } from '../testing/tidemark-passed.ts';
import { describePolicyStore } from '../testing/policy-store-suite.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

/** Each costs round trips to real servers. */
const runs = 25;

let stack: Stack;
let database: Client;
let redis: Redis;
let on: PolicyInstance;
let off: PolicyInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  await copyTableToPublic();
  redis = new Redis(stack.redisUrl);
  on = startPolicyInstance(stack);
  off = startPolicyInstance(stack, { isEnabled: false, keyPrefix: 'llm:policy-off', hasEngine: false });
  await on.cache.ready();
});

afterAll(async () => {
  await on.cache.close();
  await off.cache.close();
  redis.disconnect();
  await database.end();
  await stack.close();
});

async function copyTableToPublic(): Promise<void> {
  await database.query(`
    create table public.tenant_llm_policies (like copilot_internal.tenant_llm_policies including all);
    grant all on public.tenant_llm_policies to service_role;
  `);
  await stack.dataApi.reloadSchema();
}

describePolicyStore('SupabasePolicyStore', { runs, store: () => on.source });
describePolicyStore('CachingPolicyStore over Supabase', { runs, store: () => on.store });
describePolicyStore('CachingPolicyStore that is switched off', { runs, store: () => off.store });
describePolicyStore('SupabasePolicyStore in the schema public', {
  runs,
  store: () => new SupabasePolicyStore(on.supabase, { schema: 'public' }),
});

describe('a write (#5)', () => {
  test('is a row of the table, with who wrote it', async () => {
    await on.source.setPolicy(somePolicy({ tenantId: 'written' }), { updatedBy: 'admin-1' });
    expect(await column('updated_by', 'written')).toBe('admin-1');
    await on.source.setPolicy(somePolicy({ tenantId: 'written' }));
    expect(await column('updated_by', 'written')).toBeNull();
  });

  test('goes to the table of its schema only', async () => {
    const inPublic = new SupabasePolicyStore(on.supabase, { schema: 'public' });
    await inPublic.setPolicy(somePolicy({ tenantId: 'in-public' }));
    expect(await on.source.getPolicy('in-public')).toBeNull();
    expect(await inPublic.getPolicy('in-public')).not.toBeNull();
  });
});

describe('an error of the real Data API (#5)', () => {
  test('shows its code: no grant for anon', async () => {
    const store = new SupabasePolicyStore(connectSupabase(stack, stack.anonKey));
    const refusal = { code: 'SOURCE_FAILED', sourceCode: '42501' };
    await expect(store.getPolicy('t')).rejects.toMatchObject(refusal);
    await expect(store.setPolicy(somePolicy())).rejects.toMatchObject(refusal);
    await expect(store.deletePolicy('t')).rejects.toMatchObject(refusal);
  });

  test('shows its code: no such table', async () => {
    await database.query('alter table public.tenant_llm_policies rename to elsewhere');
    await stack.dataApi.reloadSchema();
    const store = new SupabasePolicyStore(on.supabase, { schema: 'public' });
    const failure = store.getPolicy('t');
    await expect(failure).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      sourceCode: /^(?:PGRST205|42P01)$/,
    });
    await database.query('alter table public.elsewhere rename to tenant_llm_policies');
    await stack.dataApi.reloadSchema();
  });

  test('is an error of the row when SQL let pass what no policy may be', async () => {
    await database.query(`
      alter table public.tenant_llm_policies drop constraint tenant_llm_policies_egress_mode_is_known;
      insert into public.tenant_llm_policies (tenant_id, default_model, default_provider, egress_mode)
      values ('loud', 'm', 'p', 'loud');
    `);
    const store = new SupabasePolicyStore(on.supabase, { schema: 'public' });
    await expect(store.getPolicy('loud')).rejects.toBeInstanceOf(InvalidRowError);
  });
});

describe('L2 (#2, #6)', () => {
  test.each([
    ['plain', 'copilot:llm:policy:plain'],
    ['a:b%c', 'copilot:llm:policy:a%3Ab%25c'],
  ])('holds the policy of %s under %s, for the TTL at most', async (tenantId, key) => {
    await on.source.setPolicy(somePolicy({ tenantId }));
    await loadIntoL2(tenantId);
    const ttlSeconds = await redis.ttl(key);
    expect(ttlSeconds).toBeGreaterThan(0);
    expect(ttlSeconds).toBeLessThanOrEqual(300);
  });

  test('holds "no policy" too', async () => {
    await loadIntoL2('nobody');
    await using other = startPolicyInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getPolicy('nobody')).toBeNull();
    expect(regionOf(other)).toMatchObject({ l2Hits: 1, loads: 0 });
  });

  test('is not believed when it holds what no policy may be', async () => {
    const key = 'copilot:llm:policy:forged';
    await on.source.setPolicy(somePolicy({ tenantId: 'forged', egressMode: 'enforce' }));
    await loadIntoL2('forged');
    const stored = (await redis.get(key)) ?? '';
    expect(stored).toContain('enforce');
    await redis.set(key, stored.replace('enforce', 'loud'), 'EX', 60);

    await using other = startPolicyInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getPolicy('forged')).toMatchObject({ egressMode: 'enforce' });
    expect(regionOf(other)).toMatchObject({ l2Hits: 0, loads: 1 });
  });

  test('serves an instance that has never asked the source, absent fields still absent', async () => {
    const policy = somePolicy({
      tenantId: 'shared',
      tasks: [{ task: 't', model: 'm', provider: 'p', temperature: 0 }],
    });
    await on.source.setPolicy(policy);
    await loadIntoL2('shared');

    await using other = startPolicyInstance(stack, { hasEngine: false });
    await other.cache.ready();
    expect(await other.store.getPolicy('shared')).toStrictEqual(policy);
    expect(regionOf(other)).toMatchObject({ l2Hits: 1, loads: 0 });
  });
});

test('the TTL is the one that was asked for (#31)', async () => {
  await using instance = startPolicyInstance(stack, { ttlSeconds: 30 });
  await instance.cache.ready();
  await on.source.setPolicy(somePolicy({ tenantId: 'short' }));
  await loadIntoL2('short', instance);
  // The jitter of the cache may add a tenth.
  expect(await redis.ttl('copilot:llm:policy:short')).toBeLessThanOrEqual(33);
});

/** Reads once the round of every earlier write is over: an earlier fill would be unlinked by it. */
async function loadIntoL2(tenantId: string, instance: PolicyInstance = on): Promise<void> {
  await tidemarkPassed(instance.cache);
  await instance.store.getPolicy(tenantId, { fresh: true });
  const key = `copilot:llm:policy:${encodeKey(tenantId)}`;
  await until(async () => (await redis.exists(key)) === 1, { what: `${key} in Redis` });
}

async function column(name: string, tenantId: string): Promise<unknown> {
  const { rows } = await database.query<Record<string, unknown>>(
    'select * from copilot_internal.tenant_llm_policies where tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.[name];
}

function regionOf(instance: PolicyInstance): unknown {
  return instance.cache.status().regions.find(({ name }) => name === 'llm:policy');
}
