// The policy stores while parts are broken: Redis trouble never reaches a caller (R4), trouble of the source always
// does, and a write whose answer was lost is read back as what it became (R3).
import { startStack, type Stack, until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLlmRouter } from '../router/llm-router.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { connectSupabase, startPolicyInstance, type PolicyInstance } from '../testing/policy-instance.ts';
import { RecordingProvider } from '../testing/recording-provider.ts';
import { CachingPolicyStore } from './caching-policy-store.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

let stack: Stack;
let instance: PolicyInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false, faults: ['redis', 'http'] });
});

afterAll(() => stack.close());

beforeEach(async () => {
  instance = startPolicyInstance(stack);
  await instance.cache.ready();
});

afterEach(async () => {
  await stack.proxies.redis.heal();
  await stack.proxies.http.heal();
  await instance.cache.close();
});

describe.each([
  ['refuses connections', () => stack.proxies.redis.cut()],
  ['is silent', () => stack.proxies.redis.silence()],
  ['takes requests and never answers', () => stack.proxies.redis.silence('toClient')],
] as const)('while Redis %s', (_, breakRedis) => {
  test('policies are read, written and deleted, and own writes are read next (R3, R4)', async () => {
    const { store } = instance;
    const policy = somePolicy({ tenantId: 'redis-trouble' });
    await store.setPolicy(policy);
    await breakRedis();

    expect(await store.getPolicy(policy.tenantId)).toStrictEqual(policy);
    const changed = { ...policy, defaultModel: 'new' };
    await store.setPolicy(changed);
    expect(await store.getPolicy(policy.tenantId)).toStrictEqual(changed);
    await store.deletePolicy(policy.tenantId);
    expect(await store.getPolicy(policy.tenantId)).toBeNull();
    expect(await store.getPolicy('never-read-before')).toBeNull();
  });
});

describe('while the Data API refuses connections (#17)', () => {
  test('a read of what is not cached fails with the error of the source, and the router sends nothing', async () => {
    await stack.proxies.http.cut();
    const provider = new RecordingProvider('remote');
    const router = createLlmRouter({
      policyStore: instance.store,
      providers: [provider],
      defaultProvider: 'remote',
      defaultModel: 'm',
    });
    const refusal = { code: 'SOURCE_FAILED', status: 0 };
    await expect(instance.store.getPolicy('cold')).rejects.toMatchObject(refusal);
    await expect(router.chat([], { tenantId: 'cold' })).rejects.toMatchObject(refusal);
    await expect(instance.store.setPolicy(somePolicy())).rejects.toMatchObject(refusal);
    expect(provider.requests).toEqual([]);
  });

  test('what failed works again once it is back', async () => {
    await stack.proxies.http.cut();
    await expect(instance.store.getPolicy('back')).rejects.toThrow();
    await stack.proxies.http.heal();
    await instance.store.setPolicy(somePolicy({ tenantId: 'back' }));
    expect(await instance.store.getPolicy('back')).not.toBeNull();
  });
});

test('a write whose answer was lost says that its outcome is unknown, and the next read shows what it became (R3)', async () => {
  const supabase = connectSupabase(stack, stack.serviceRoleKey);
  const source = new SupabasePolicyStore(supabase, { deadline: '2s' });
  const store = new CachingPolicyStore(source, instance.cache, { keyPrefix: 'llm:lost-answers' });
  const policy = somePolicy({ tenantId: 'lost', defaultModel: 'old' });
  await store.setPolicy(policy);
  await store.getPolicy('lost');

  stack.proxies.http.silence('toClient');
  await expect(store.setPolicy({ ...policy, defaultModel: 'new' })).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    message: expect.stringContaining('no answer within 2000 ms; the outcome is unknown'),
  });
  await stack.proxies.http.heal();
  expect((await store.getPolicy('lost'))?.defaultModel).toBe('new');
});

test('an instance that lost Redis meets the others again (R6) (#6, #44)', async () => {
  await using other = startPolicyInstance(stack);
  await other.cache.ready();
  const policy = somePolicy({ tenantId: 'met-again', defaultModel: 'old' });
  await instance.store.setPolicy(policy);
  await stack.proxies.redis.cut();
  await other.source.setPolicy({ ...policy, defaultModel: 'new' });
  await stack.proxies.redis.heal();
  for (const { store } of [instance, other]) {
    await until(async () => (await store.getPolicy('met-again'))?.defaultModel === 'new', {
      what: 'the new policy',
    });
  }
});
