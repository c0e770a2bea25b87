// What stands beside the stores, and the switches, across two processes that share nothing but PostgreSQL and Redis.
import { randomUUID } from 'node:crypto';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SupabasePolicyStore } from '../policy/supabase-policy-store.ts';
import type { ReadOptions } from '../store-options.ts';
import { ForkedInstance } from '../testing/forked-instance.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { connectSupabase } from '../testing/policy-instance.ts';

let stack: Stack;
let one: ForkedInstance;
let other: ForkedInstance;
let redis: Redis;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  redis = new Redis(stack.redisUrl);
  [one, other] = await Promise.all([ForkedInstance.start(stack), ForkedInstance.start(stack)]);
});

afterAll(async () => {
  await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  redis.disconnect();
  await stack.close();
});

describe('an event (#36)', () => {
  const subject = { tenantId: 'acme', conversationId: 'talk:1' };
  const channel = 'copilot:events:conversation:acme:talk%3A1';

  test('reaches the subscribers of both processes, each once, and nobody who has left', async () => {
    expect(await one.stores.events.subscribe(subject)).toBe(true);
    expect(await other.stores.events.subscribe(subject)).toBe(true);
    expect(await redis.pubsub('CHANNELS', 'copilot:events:*')).toEqual([channel]);

    expect(await one.stores.events.broadcast(subject, 'message', { id: 'm1' })).toBe(true);
    expect(await one.stores.events.heard()).toHaveLength(1);
    await until(async () => (await other.stores.events.heard()).length > 0, {
      what: 'the event elsewhere',
    });
    await other.stores.events.broadcast(subject, 'done', null);
    await until(async () => (await one.stores.events.heard()).length > 1, { what: 'the answer' });

    const heard = [
      { event: 'message', data: { id: 'm1' } },
      { event: 'done', data: null },
    ];
    expect(await one.stores.events.heard()).toMatchObject(heard);
    expect(await other.stores.events.heard()).toMatchObject(heard);
    expect((await other.stores.events.heard())[0]?.timestamp).toBeInstanceOf(Date);

    await other.stores.events.leave();
    await one.stores.events.leave();
    await until(async () => (await redis.pubsub('CHANNELS', 'copilot:events:*')).length === 0, {
      what: 'the channel to close',
    });
  });
});

describe('the limiter (#35)', () => {
  test('counts the requests of both processes together', async () => {
    const answers: boolean[] = [];
    for (let round = 0; round < 8; round += 1) {
      answers.push(await one.stores.limiter.check('ada:1'), await other.stores.limiter.check('ada:1'));
    }
    expect(answers.filter(Boolean)).toHaveLength(10);
    const ttl = await redis.ttl('copilot:ratelimit:default:ada%3A1');
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60);
  });
});

describe('an auth validation (#34)', () => {
  const valid = { isValid: true, tenantId: 'acme' };

  test('that one process checked is known to the other, which does not check', async () => {
    const checked = await one.stores.validations.get('ada', valid);
    await until(async () => (await redis.get('copilot:auth:validation:ada'))?.startsWith('{') === true, {
      what: 'the validation in L2',
    });
    expect(await other.stores.validations.get('ada', { isValid: false })).toStrictEqual(checked);
    expect(await other.stores.validations.stats()).toMatchObject({ l2Hits: 1, checks: 0 });
    expect(await redis.pttl('copilot:auth:validation:ada')).toBeLessThanOrEqual(300_000);
  });

  test('that is invalidated in one process is gone in the other', async () => {
    for (const instance of [one, other]) await instance.stores.validations.get('bob', valid);
    await one.stores.validations.invalidate('bob');
    expect(await redis.exists('copilot:auth:validation:bob')).toBe(0);
    await until(async () => (await other.stores.validations.get('bob')) === null, {
      what: 'nothing to be known of bob',
    });
  });

  test('that is set in one process is what the other knows', async () => {
    for (const instance of [one, other]) await instance.stores.validations.get('cyd', valid);
    await other.stores.validations.set('cyd', { isValid: false });
    expect(await other.stores.validations.get('cyd')).toMatchObject({ isValid: false });
    await until(async () => (await one.stores.validations.get('cyd', valid))?.isValid === false, {
      what: 'cyd to be invalid',
    });
  });

  test('is checked again after a DEL by hand, once it is read from L2 (#38)', async () => {
    await one.stores.validations.get('dan', valid);
    await until(async () => (await redis.get('copilot:auth:validation:dan'))?.startsWith('{') === true, {
      what: 'the validation in L2',
    });
    await redis.del('copilot:auth:validation:dan');
    expect(await other.stores.validations.get('dan', { isValid: false })).toMatchObject({ isValid: false });
  });
});

describe('a policy (#38)', () => {
  test('is read from the source again after a DEL by hand, by who has no entry in L1', async () => {
    const source = new SupabasePolicyStore(connectSupabase(stack, stack.serviceRoleKey));
    await source.setPolicy(somePolicy({ tenantId: 'by-hand' }));
    const key = 'copilot:llm:policy:by-hand';
    await until(
      async () => {
        await one.stores.policies.getPolicy('by-hand', { fresh: true });
        return (await redis.exists(key)) === 1;
      },
      { what: 'the policy in L2' },
    );
    await redis.del(key);
    expect(await other.stores.policies.getPolicy('by-hand')).not.toBeNull();
    await until(
      async () => {
        await other.stores.policies.getPolicy('by-hand', { fresh: true });
        return (await redis.exists(key)) === 1;
      },
      { what: 'the other one to fill L2 again' },
    );
  });
});

/** One row, as text, through whichever instance. */
interface SwitchedRow {
  readonly write: (instance: ForkedInstance, text: string) => Promise<void>;
  readonly read: (instance: ForkedInstance, options?: ReadOptions) => Promise<string | undefined>;
}

async function openPolicy(): Promise<SwitchedRow> {
  const policy = somePolicy({ tenantId: `policy-${randomUUID()}` });
  return {
    write: ({ stores }, text) => stores.policies.setPolicy({ ...policy, defaultModel: text }),
    read: async ({ stores }, options) =>
      (await stores.policies.getPolicy(policy.tenantId, options))?.defaultModel,
  };
}

async function openConfig(): Promise<SwitchedRow> {
  const tenantId = `config-${randomUUID()}`;
  return {
    write: ({ stores }, text) => stores.configs.setTenantConfig({ tenantId, config: {}, updatedBy: text }),
    read: async ({ stores }, options) => (await stores.configs.getConfig({ tenantId }, options)).updatedBy,
  };
}

async function openConversation(): Promise<SwitchedRow> {
  const owned = { tenantId: 'switched', userId: 'owner' };
  const { conversationId } = await one.stores.conversations.createConversation(owned);
  return {
    write: ({ stores }, text) =>
      stores.conversations.updateSharing({ ...owned, conversationId, title: text }),
    read: async ({ stores }, options) =>
      (await stores.conversations.getConversation({ ...owned, conversationId }, options))?.title,
  };
}

const killed = { ENABLE_REDIS_CACHING: 'off' };
const switched = [
  { what: 'policies', env: { ENABLE_LLM_POLICY_CACHE: 'off' }, open: openPolicy },
  { what: 'policies, by the kill switch', env: killed, open: openPolicy },
  { what: 'configs', env: { ENABLE_CONVERSATION_CONFIG_CACHE: 'off' }, open: openConfig },
  { what: 'configs, by the kill switch', env: killed, open: openConfig },
  { what: 'conversations', env: { ENABLE_CONVERSATION_CACHING: 'off' }, open: openConversation },
  { what: 'conversations, by the kill switch', env: killed, open: openConversation },
];

describe('a switch that is flipped on one of two instances (#30)', () => {
  test.each(switched)('leaves both coherent, in both directions: $what', async ({ env, open }) => {
    await using off = await ForkedInstance.start(stack, env);
    const { write, read } = await open();
    await write(one, 'old');
    for (const instance of [one, off]) expect(await read(instance)).toBe('old');

    await write(off, 'written where it is off');
    expect(await read(one, { fresh: true })).toBe('written where it is off');
    await until(async () => (await read(one)) === 'written where it is off', {
      what: 'the new value where it is on',
    });

    await write(one, 'written where it is on');
    expect(await read(off)).toBe('written where it is on');
  });

  test('reads the source where it is off, whatever the cache of the other holds', async () => {
    await using off = await ForkedInstance.start(stack, { ENABLE_LLM_POLICY_CACHE: 'off' });
    const policy = somePolicy({ tenantId: 'read at the source' });
    await one.stores.policies.setPolicy(policy);
    await one.stores.policies.getPolicy(policy.tenantId);
    for (const defaultModel of ['second', 'third']) {
      // Past every cache, and past the hints of a writer: only a read of the source can know it at once.
      await new SupabasePolicyStore(connectSupabase(stack, stack.serviceRoleKey)).setPolicy({
        ...policy,
        defaultModel,
      });
      expect(await off.stores.policies.getPolicy(policy.tenantId)).toMatchObject({ defaultModel });
    }
  });
});
