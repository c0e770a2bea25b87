// Hubs, limiter and auth validations of two instances on a real Redis Cluster: all of a shared Redis is in one slot.
import { createCache, type Cache } from '@tidemark/cache';
import { type RedisCluster, startRedisCluster, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthValidationCache } from '../auth/auth-validation-cache.ts';
import { createConversationEventHub } from '../events/create-event-hubs.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';
import { connected } from '../testing/redis-scene.ts';
import { openSharedRedis, type SharedRedis } from './shared-redis.ts';

let cluster: RedisCluster;
let both: readonly [SharedRedis, SharedRedis];

function open(hashTag?: string): SharedRedis {
  const redis = { kind: 'cluster', nodes: cluster.addresses } as const;
  return openSharedRedis({ redis, timeout: '1s', ...(hashTag === undefined ? {} : { hashTag }) });
}

beforeAll(async () => {
  cluster = await startRedisCluster();
  both = [open(), open()];
  await Promise.all(both.map(connected));
});

afterAll(async () => {
  for (const redis of both) redis.close();
  await cluster.close();
});

test('two instances count together (#35)', async () => {
  const [one, other] = both.map((redis) => createRateLimiter({ redis, limit: 2 }));
  expect(await one?.check('ada')).toBe(true);
  expect(await other?.check('ada')).toBe(true);
  expect([await one?.check('ada'), await other?.check('ada')]).toEqual([false, false]);
  expect(one?.status().backend).toBe('Redis');
});

test('an event of one instance is heard by the other', async () => {
  const [one, other] = both.map((redis) => createConversationEventHub({ redis }));
  const subject = { tenantId: 'acme', conversationId: 'c1' };
  const heard: unknown[] = [];
  using _ = other?.subscribe(subject, ({ data }) => void heard.push(data));
  await until(
    async () => {
      await one?.broadcast(subject, 'message', { id: 'm1' });
      return heard.length > 0;
    },
    { what: 'the event' },
  );
  expect(heard[0]).toEqual({ id: 'm1' });
});

test('a verdict that one instance got is known to the other', async () => {
  const caches: Cache[] = [createCache(), createCache()];
  const [one, other] = caches.map((cache, at) => createAuthValidationCache({ cache, redis: both[at]! }));
  await one?.set('ada', { isValid: true, tenantId: 'acme' });
  expect(await other?.get('ada')).toMatchObject({ isValid: true, tenantId: 'acme' });
  for (const cache of caches) await cache.close();
});

test('all of it is in the slot of the tag, and another tag is another slot', async () => {
  const node = new Redis(cluster.nodes[0]?.url ?? '');
  const slot = await node.cluster('KEYSLOT', '{copilot:shared}');
  node.disconnect();
  const master = new Redis((await cluster.masterOf(slot)).url);
  const keys = await master.keys('*');
  master.disconnect();
  expect(keys.length).toBeGreaterThan(1);
  expect(keys.every((key) => key.startsWith('{copilot:shared}:copilot:'))).toBe(true);

  using limits = open('copilot:limits');
  await connected(limits);
  const limiter = createRateLimiter({ redis: limits, limit: 1 });
  expect([await limiter.check('ada'), await limiter.check('ada')]).toEqual([true, false]);
});

test('a tag that is none is refused', () => {
  expect(() => open('{a}')).toThrow('hashTag must be 1 to 100 characters without spaces and braces');
});
