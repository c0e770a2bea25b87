// Policies across instances: processes of their own that share nothing but PostgreSQL and Redis, and one case where only
// the hint of a writer whose cache is off can have told the others.
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ForkedInstance } from '../testing/forked-instance.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { connectSupabase, startPolicyInstance, type PolicyInstance } from '../testing/policy-instance.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';
import type { TenantLlmPolicy } from './policy.ts';

let stack: Stack;
let writer: ForkedInstance;
let reader: ForkedInstance;
/** Somebody who knows nothing of the cache: a dashboard, a migration, another service. */
let outsider: SupabasePolicyStore;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  [writer, reader] = await Promise.all([ForkedInstance.start(stack), ForkedInstance.start(stack)]);
  outsider = new SupabasePolicyStore(connectSupabase(stack, stack.serviceRoleKey));
});

afterAll(async () => {
  await Promise.all([writer[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()]);
  await stack.close();
});

function openRedis({ redisUrl }: Stack): Disposable & { readonly commands: Redis } {
  const commands = new Redis(redisUrl);
  return { commands, [Symbol.dispose]: () => commands.disconnect() };
}

let tenants = 0;

/** A tenant whose policy both instances hold in L1. */
async function cachedTenant(changes: Partial<TenantLlmPolicy> = {}): Promise<TenantLlmPolicy> {
  tenants += 1;
  const policy = somePolicy({ tenantId: `tenant-${tenants}`, defaultModel: 'old', ...changes });
  await outsider.setPolicy(policy);
  for (const instance of [writer, reader]) {
    await instance.stores.policies.getPolicy(policy.tenantId, { fresh: true });
    await instance.stores.policies.getPolicy(policy.tenantId);
  }
  return policy;
}

const changes = [
  ['a policy that one instance set', (changed: TenantLlmPolicy) => writer.stores.policies.setPolicy(changed)],
  [
    'a policy that somebody else wrote to the table',
    (changed: TenantLlmPolicy) => outsider.setPolicy(changed),
  ],
] as const;

describe.each(changes)('%s (#43, #44)', (_, change) => {
  test('is read through another at once, when the read is fresh (R3)', async () => {
    const changed = { ...(await cachedTenant()), defaultModel: 'new' };
    await change(changed);
    expect(await reader.stores.policies.getPolicy(changed.tenantId, { fresh: true })).toStrictEqual(changed);
  });

  test('is read through another soon, and never the old one after the new (R1, R2)', async () => {
    const changed = { ...(await cachedTenant()), defaultModel: 'new' };
    const seen: (string | undefined)[] = [];
    await change(changed);
    await until(
      async () => {
        seen.push((await reader.stores.policies.getPolicy(changed.tenantId))?.defaultModel);
        return seen.slice(-20).every((model) => model === 'new') && seen.length >= 20;
      },
      { what: 'the new policy at the reader', everyMs: 1 },
    );
    expect(seen.slice(seen.indexOf('new')).every((model) => model === 'new')).toBe(true);
  });
});

describe('the writing instance', () => {
  test('reads its own write next (R3)', async () => {
    const policy = await cachedTenant();
    for (let version = 0; version < 20; version += 1) {
      const changed = { ...policy, defaultModel: `model-${version}` };
      await writer.stores.policies.setPolicy(changed);
      expect(await writer.stores.policies.getPolicy(policy.tenantId)).toStrictEqual(changed);
    }
  });

  test('reads no policy after its own delete (R3)', async () => {
    const { tenantId } = await cachedTenant();
    await writer.stores.policies.deletePolicy(tenantId);
    expect(await writer.stores.policies.getPolicy(tenantId)).toBeNull();
  });
});

test('a deleted policy is gone everywhere (#21, #44)', async () => {
  const { tenantId } = await cachedTenant();
  await writer.stores.policies.deletePolicy(tenantId);
  await until(async () => (await reader.stores.policies.getPolicy(tenantId)) === null, {
    what: 'no policy at the reader',
  });
});

test('a policy that is set where none was known is found everywhere', async () => {
  const policy = somePolicy({ tenantId: 'late' });
  expect(await reader.stores.policies.getPolicy('late')).toBeNull();
  await writer.stores.policies.setPolicy(policy);
  await until(async () => (await reader.stores.policies.getPolicy('late')) !== null, {
    what: 'the policy at the reader',
  });
});

test('an admin who calls the function of the journal drops a policy on every instance, L1 and L2 (#38)', async () => {
  await using one = startPolicyInstance(stack, { hasEngine: false, maxStaleness: '1h' });
  await using other = startPolicyInstance(stack, { hasEngine: false, maxStaleness: '1h' });
  const { tenantId } = await cachedTenant();
  const count = ({ cache }: PolicyInstance): { loads: number; l2Hits: number } => {
    const { loads = 0, l2Hits = 0 } = cache.status().regions[0] ?? {};
    return { loads, l2Hits };
  };
  await one.store.getPolicy(tenantId, { fresh: true });
  await other.store.getPolicy(tenantId, { fresh: true });
  const before = [count(one), count(other)] as const;
  const target = 'copilot_internal.tenant_llm_policies';
  const { error } = await one.supabase.schema('public').rpc('tidemark_invalidate', {
    target,
    keys: [tenantId],
  });
  expect(error).toBeNull();

  // The first one to miss finds nothing in L2 either; the second one may find what the first one left there.
  const isAskedAgain = async (): Promise<boolean> => {
    await one.store.getPolicy(tenantId);
    return count(one).loads > before[0].loads;
  };
  await until(isAskedAgain, { what: 'the source to be asked again' });
  const isGone = async (): Promise<boolean> => {
    await other.store.getPolicy(tenantId);
    const { loads, l2Hits } = count(other);
    return loads + l2Hits > before[1].loads + before[1].l2Hits;
  };
  await until(isGone, { what: 'the other one to look again' });
});

test('what cache-aside left under the key is refused, and removed by a change from anywhere', async () => {
  using redis = openRedis(stack);
  const { commands } = redis;
  const policy = somePolicy({ tenantId: 'cache-aside', defaultModel: 'new' });
  const left = JSON.stringify({ ...policy, defaultModel: 'old' });
  const key = 'copilot:llm:policy:cache-aside';
  await outsider.setPolicy(policy);
  await commands.set(key, left, 'EX', 300);
  expect(await reader.stores.policies.getPolicy('cache-aside')).toStrictEqual(policy);

  await commands.set(key, left, 'EX', 300);
  await outsider.setPolicy({ ...policy, defaultModel: 'newer' });
  await until(async () => (await commands.get(key)) !== left, { what: 'the old value to be unlinked' });
});

describe('the router (#17)', () => {
  test('of every instance keeps data in the house once a policy says so, whoever wrote it', async () => {
    const policy = await cachedTenant({ egressMode: 'audit' });
    const { tenantId } = policy;
    expect(await reader.stores.router.route({ tenantId })).toMatchObject({
      provider: 'remote',
      effectiveMode: 'audit',
    });

    const closed = {
      ...policy,
      allowRemoteEgress: false,
      defaultProvider: 'local',
      egressMode: 'enforce',
    } as const;
    await outsider.setPolicy(closed);
    for (const instance of [writer, reader]) {
      await until(async () => (await instance.stores.router.route({ tenantId })).provider === 'local', {
        what: 'the local provider',
      });
      expect(await instance.stores.router.route({ tenantId })).toMatchObject({
        provider: 'local',
        effectiveMode: 'enforce',
      });
    }
  });

  test('of the writing instance does so with its very next request (R3)', async () => {
    const policy = await cachedTenant();
    await writer.stores.policies.setPolicy({ ...policy, allowRemoteEgress: false });
    await expect(writer.stores.router.route({ tenantId: policy.tenantId })).rejects.toThrow(
      /names no local model/,
    );
  });
});

test('a store whose cache is off still tells the others what it wrote (#30)', async () => {
  // Nobody runs rounds for this stack, and entries would live for an hour: only the hint can make the reader look.
  await using alone = await startStack({ realtime: false });
  await using caching = startPolicyInstance(alone, { hasEngine: false, maxStaleness: '1h' });
  await using off = startPolicyInstance(alone, { hasEngine: false, maxStaleness: '1h', isEnabled: false });
  const policy = somePolicy({ defaultModel: 'old' });
  await off.store.setPolicy(policy);
  await until(() => caching.cache.status().redis === 'connected', { what: 'the connection to Redis' });
  expect(await caching.store.getPolicy(policy.tenantId)).toStrictEqual(policy);

  await caching.source.setPolicy({ ...policy, defaultModel: 'unnoticed' });
  expect((await caching.store.getPolicy(policy.tenantId))?.defaultModel).toBe('old');

  using redis = openRedis(alone);
  const key = `copilot:llm:policy:${policy.tenantId}`;
  await redis.commands.set(key, 'what an instance with other code caches', 'EX', 300);
  await off.store.setPolicy({ ...policy, defaultModel: 'new' });
  expect(await redis.commands.get(key)).not.toBe('what an instance with other code caches');
  await until(async () => (await caching.store.getPolicy(policy.tenantId))?.defaultModel === 'new', {
    what: 'the new policy at the caching instance',
  });
});
