// Hubs, limiter and auth validations on a real Redis that fails: nothing reaches a caller but a little time (R4), each
// change of state is said once, and what was agreed before works again when Redis is back (R6).
import { once } from 'node:events';
import { createCache } from '@tidemark/cache';
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuthVerdict } from '../auth/auth-validation.ts';
import { createAuthValidationCache, type AuthValidationCache } from '../auth/auth-validation-cache.ts';
import { createConversationEventHub } from '../events/create-event-hubs.ts';
import { checkHealth } from '../health/check-health.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';
import { openSharedRedis, type SharedRedis } from './shared-redis.ts';

let server: RedisServer;
let proxy: FaultProxy;
/** Past the proxy. */
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.port } });
  admin = new Redis(server.url);
});

afterAll(async () => {
  admin.disconnect();
  await proxy.close();
  await server.close();
});

/** Longer than usual: on a loaded machine a healthy Redis must not be taken for a broken one. */
const timeout = '1s';

/** Everybody that a test here knows; nothing else is removed from a Redis that may be shared. */
const users = ['ada', 'bob'];

let redis: SharedRedis;
let log: RecordedLog;

beforeEach(async () => {
  await proxy.heal();
  await admin.del(
    users.flatMap((user) => [`copilot:auth:validation:${user}`, `copilot:ratelimit:default:${user}`]),
  );
  log = new RecordedLog();
  redis = openSharedRedis({ redis: `redis://127.0.0.1:${proxy.port}`, logger: log, timeout });
  await connected(redis);
});

afterEach(() => redis.close());

async function connected(redis: SharedRedis): Promise<void> {
  await until(() => redis.isConnected && redis.subscriber.status === 'ready', { what: 'the connection' });
}

function messages(level: 'warn' | 'info', component: string): readonly string[] {
  return log.lines
    .filter((line) => line.level === level && line.fields['component'] === component)
    .map(({ message }) => message);
}

const troubles = [
  ['refuses connections', () => proxy.cut()],
  ['is silent', async () => proxy.silence()],
  ['takes requests and never answers', async () => proxy.silence('toClient')],
] as const;

describe.each(troubles)('while Redis %s', (_, breakRedis) => {
  test('the limiter counts here, says so once, and counts with the others again afterwards (#35, R4, R6)', async () => {
    const limiter = createRateLimiter({ redis, limit: 3, logger: log });
    for (let check = 0; check < 3; check += 1) expect(await limiter.check('ada')).toBe(true);
    expect(await limiter.check('ada')).toBe(false);

    await breakRedis();
    const answers: boolean[] = [];
    for (let check = 0; check < 50; check += 1) answers.push(await limiter.check('ada'));
    expect(answers.filter(Boolean)).toHaveLength(3);
    expect(limiter.status()).toMatchObject({ backend: 'this process', isAsConfigured: false });
    expect(messages('warn', 'rate-limiter')).toEqual([
      'Redis does not count: each instance limits for itself',
    ]);

    await proxy.heal();
    await until(
      async () => {
        await limiter.check('bob');
        return limiter.status().backend === 'Redis';
      },
      { what: 'Redis to count again' },
    );
    expect(await limiter.check('ada')).toBe(false);
    expect(messages('info', 'rate-limiter').at(-1)).toMatch(/^Redis counts again/);
  });

  test('events reach the subscribers here, and everybody again afterwards (#36, R4, R6)', async () => {
    const clock = new FakeClock();
    using near = createConversationEventHub({ redis, clock });
    using farRedis = openSharedRedis({ redis: server.url, timeout });
    using far = createConversationEventHub({ redis: farRedis });
    const subject = { tenantId: 'acme', conversationId: 'c1' };
    const heard = { near: [] as unknown[], far: [] as unknown[] };
    const subscription = near.subscribe(subject, ({ data }) => void heard.near.push(data));
    await far.subscribe(subject, ({ data }) => void heard.far.push(data)).ready;
    expect(await subscription.ready).toBe(true);

    await breakRedis();
    for (const id of [1, 2, 3]) expect(await near.broadcast(subject, 'message', id)).toBe(false);
    expect(heard.near).toEqual([1, 2, 3]);
    // What was not sent is not waited for.
    expect(clock.pending).toBe(0);
    expect(messages('warn', 'shared-redis')).toHaveLength(1);

    await proxy.heal();
    await until(
      async () => {
        await far.broadcast(subject, 'message', 'from afar');
        await near.broadcast(subject, 'message', 'from near');
        return heard.near.includes('from afar') && heard.far.includes('from near');
      },
      { what: 'the hubs to meet again', everyMs: 50 },
    );
  });

  test('a user is checked instead, and what is set or forgotten here counts here (#34, R3, R4)', async () => {
    await using cache = createCache();
    const validations = createAuthValidationCache({ cache, redis });
    await validations.set('ada', { isValid: true });
    await breakRedis();
    await validations.invalidate('ada');
    expect(await validations.get('ada', async () => ({ isValid: false }))).toMatchObject({ isValid: false });
    await validations.set('bob', { isValid: true });
    expect(await validations.get('bob')).toMatchObject({ isValid: true });
  });

  test('each part says that it is not as it should be (#37)', async () => {
    const limiter = createRateLimiter({ redis });
    using hub = createConversationEventHub({ redis });
    const parts = { redis, conversationEvents: hub, rateLimiter: limiter };
    expect(await checkHealth(parts)).toMatchObject({
      redis: { healthy: true, backend: 'Redis', reason: 'answers PING' },
      conversationEvents: { healthy: true, backend: 'Redis' },
      rateLimiter: { healthy: true, backend: 'Redis' },
    });
    await breakRedis();
    await limiter.check('ada');
    const health = await checkHealth(parts, { timeout: '200ms' });
    expect(health).toMatchObject({ redis: { healthy: false }, rateLimiter: { healthy: false } });
  });
});

describe('an auth validation that Redis brings back (#34, R3)', () => {
  test('after a removal that never arrived, is not read by who removed it', async () => {
    await using cache = createCache();
    const validations = createAuthValidationCache({ cache, redis });
    await validations.get('ada', async () => ({ isValid: true }));
    await until(async () => (await admin.get('copilot:auth:validation:ada'))?.startsWith('{') === true, {
      what: 'the validation in L2',
    });
    await proxy.cut();
    await validations.invalidate('ada');
    await proxy.heal();
    await connected(redis);
    await until(async () => (await redis.attempt((commands) => commands.ping())) === 'PONG', {
      what: 'Redis',
    });
    expect(await admin.exists('copilot:auth:validation:ada')).toBe(1);
    expect(await validations.get('ada')).toBeNull();
    expect(await validations.get('ada', async () => ({ isValid: false }))).toMatchObject({ isValid: false });
  });
});

describe('the fill of an auth validation (#34, R2)', () => {
  /** Two instances that share L2 and no bus: only the reservation can keep the fill of one from outliving the other's removal. */
  async function pair(run: (one: AuthValidationCache, other: AuthValidationCache) => Promise<void>) {
    await using first = createCache();
    await using second = createCache();
    using otherRedis = openSharedRedis({ redis: server.url, timeout });
    await connected(otherRedis);
    await run(
      createAuthValidationCache({ cache: first, redis }),
      createAuthValidationCache({ cache: second, redis: otherRedis }),
    );
  }

  test('comes to nothing when the user was invalidated elsewhere during the check', async () => {
    await pair(async (one, other) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      await until(async () => (await admin.get('copilot:auth:validation:ada')) !== null, {
        what: 'the reservation',
      });
      await other.invalidate('ada');
      slow.resolve({ isValid: true });
      await waiting;
      // The connection keeps the order: when this is answered, the fill has been.
      await redis.attempt((commands) => commands.ping());
      expect(await admin.get('copilot:auth:validation:ada')).toBeNull();
    });
  });

  test('comes to nothing when an admin deleted the key during the check (#38)', async () => {
    await pair(async (one) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      await until(async () => (await admin.get('copilot:auth:validation:ada')) !== null, {
        what: 'the reservation',
      });
      await admin.del('copilot:auth:validation:ada');
      slow.resolve({ isValid: true });
      await waiting;
      await redis.attempt((commands) => commands.ping());
      expect(await admin.exists('copilot:auth:validation:ada')).toBe(0);
    });
  });

  test('lives from the reservation on, and not from its end', async () => {
    await pair(async (one) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      const key = 'copilot:auth:validation:ada';
      await until(async () => (await admin.exists(key)) === 1, { what: 'the reservation' });
      // As if four seconds had passed since it was left.
      await admin.pexpire(key, 6_000);
      slow.resolve({ isValid: true });
      await waiting;
      await until(async () => (await admin.get(key))?.startsWith('{') === true, { what: 'the value' });
      expect(await admin.pttl(key)).toBeLessThanOrEqual(236_000);
      expect(await admin.pttl(key)).toBeGreaterThan(200_000);
    });
  });

  test('of another instance, in the middle of a set, does not take its place here', async () => {
    await pair(async (one) => {
      const key = 'copilot:auth:validation:ada';
      const text = '{"userId":"ada","isValid":true,"checkedAt":"2026-01-01T00:00:00.000Z"}';
      const attempt = redis.attempt.bind(redis);
      const spy = vi.spyOn(redis, 'attempt').mockImplementationOnce(async (run) => {
        const removed = await attempt(run);
        await admin.set(key, text, 'PX', 100_000);
        return removed;
      });
      await one.set('ada', { isValid: false });
      spy.mockRestore();
      expect(await one.get('ada')).toMatchObject({ isValid: false });
    });
  });

  test.each([
    ['is no JSON', '{', 'PX'],
    [
      'belongs to another user',
      '{"userId":"bob","isValid":true,"checkedAt":"2026-01-01T00:00:00.000Z"}',
      'PX',
    ],
    ['has a wrong shape', '{"userId":"ada","isValid":"yes","checkedAt":"2026-01-01T00:00:00.000Z"}', 'PX'],
    [
      'would live for ever',
      '{"userId":"ada","isValid":true,"checkedAt":"2026-01-01T00:00:00.000Z"}',
      'forever',
    ],
  ])('is not found where something %s', async (_, text, life) => {
    await pair(async (one) => {
      const key = 'copilot:auth:validation:ada';
      await (life === 'PX' ? admin.set(key, text, 'PX', 100_000) : admin.set(key, text));
      expect(await one.get('ada')).toBeNull();
      expect(await one.get('ada', async () => ({ isValid: false }))).toMatchObject({ isValid: false });
      expect(one.stats()).toMatchObject({ l2Refused: 2, l2Hits: 0, checks: 1 });
    });
  });
});

describe('a switch that is off (#30)', () => {
  test('keeps the limiter away from Redis (#35)', async () => {
    const limiter = createRateLimiter({ redis, limit: 1, env: { ENABLE_RATE_LIMITER_REDIS: 'off' } });
    expect([await limiter.check('ada'), await limiter.check('ada')]).toEqual([true, false]);
    expect(await admin.exists('copilot:ratelimit:default:ada')).toBe(0);
    expect(limiter.status()).toEqual({
      backend: 'this process',
      reason: 'ENABLE_RATE_LIMITER_REDIS=false',
      isAsConfigured: true,
    });
  });

  test('keeps the hubs away from Redis (#36)', async () => {
    using hub = createConversationEventHub({ redis, env: { ENABLE_REDIS_EVENT_HUBS: 'off' } });
    const subject = { tenantId: 'acme', conversationId: 'c1' };
    const heard: unknown[] = [];
    expect(await hub.subscribe(subject, ({ data }) => void heard.push(data)).ready).toBe(false);
    expect(await hub.broadcast(subject, 'message', 1)).toBe(false);
    expect(heard).toEqual([1]);
    expect(await admin.pubsub('CHANNELS', 'copilot:events:*')).toEqual([]);
  });

  test('keeps the auth validations away from Redis (#34)', async () => {
    await using cache = createCache();
    const env = { ENABLE_AUTH_VALIDATION_CACHE: 'off' };
    const validations = createAuthValidationCache({ cache, redis, env });
    await validations.get('ada', async () => ({ isValid: true }));
    await validations.set('bob', { isValid: true });
    expect(await validations.get('bob')).toBeNull();
    expect(await admin.exists('copilot:auth:validation:ada', 'copilot:auth:validation:bob')).toBe(0);
  });
});

describe('messages of strangers (#36)', () => {
  const subject = { tenantId: 'acme', conversationId: 'c1' };

  test.each([
    ['no JSON', 'hello'],
    [
      'an unknown event',
      JSON.stringify({ event: 'hack', timestamp: '2026-01-01T00:00:00Z', instanceId: 'x' }),
    ],
    ['no sender', JSON.stringify({ event: 'message', timestamp: '2026-01-01T00:00:00Z' })],
    ['no time', JSON.stringify({ event: 'message', timestamp: 'now', instanceId: 'x' })],
    [
      'too much',
      JSON.stringify({
        event: 'message',
        data: 'x'.repeat(262_144),
        timestamp: '2026-01-01T00:00:00Z',
        instanceId: 'x',
      }),
    ],
  ])('are counted and passed over: %s', async (_, text) => {
    using hub = createConversationEventHub({ redis });
    const heard: unknown[] = [];
    await hub.subscribe(subject, (event) => void heard.push(event)).ready;
    await admin.publish('copilot:events:conversation:acme:c1', text);
    await until(() => hub.status().refused === 1, { what: 'the message to be refused' });
    expect(heard).toEqual([]);
  });

  test('an own message that comes back is heard once', async () => {
    using hub = createConversationEventHub({ redis });
    const heard: unknown[] = [];
    await hub.subscribe(subject, ({ data }) => void heard.push(data)).ready;
    await hub.broadcast(subject, 'message', 1);
    await admin.publish(
      'copilot:events:conversation:acme:c1',
      JSON.stringify({ event: 'message', data: 2, timestamp: '2026-01-01T00:00:00Z', instanceId: 'x' }),
    );
    await until(() => heard.includes(2), { what: 'the message of another' });
    expect(heard).toEqual([1, 2]);
  });
});

test('a channel that was left is not opened again by a reconnect (#36)', async () => {
  using hub = createConversationEventHub({ redis });
  const left = { tenantId: 'acme', conversationId: 'left' };
  const kept = { tenantId: 'acme', conversationId: 'kept' };
  const subscription = hub.subscribe(left, () => {});
  await hub.subscribe(kept, () => {}).ready;
  await subscription.ready;
  subscription.close();
  const back = once(redis.subscriber, 'ready');
  redis.reconnectSubscriber();
  await back;
  await until(async () => (await admin.pubsub('CHANNELS', 'copilot:events:*')).length > 0, {
    what: 'the subscription to come back',
  });
  expect(await admin.pubsub('CHANNELS', 'copilot:events:*')).toEqual([
    'copilot:events:conversation:acme:kept',
  ]);
});

test('a subscription that leads nowhere is opened anew (#36, R6)', async () => {
  const clock = new FakeClock();
  using hub = createConversationEventHub({ redis, logger: log, clock });
  const subject = { tenantId: 'acme', conversationId: 'c1' };
  const heard: unknown[] = [];
  await hub.subscribe(subject, ({ data }) => void heard.push(data)).ready;
  // As if the server had forgotten it: the connection is there, and nothing comes.
  await redis.subscriber.unsubscribe('copilot:events:conversation:acme:c1');

  await hub.broadcast(subject, 'message', 1);
  await clock.advance(4_999);
  expect(hub.status().isDeaf).toBe(false);
  await clock.advance(1);
  expect(hub.status().isDeaf).toBe(true);
  await until(
    async () => {
      await hub.broadcast(subject, 'message', 2);
      return !hub.status().isDeaf;
    },
    { what: 'the hub to hear again', everyMs: 20 },
  );
  hub.close();
  expect(clock.pending).toBe(0);
  expect(messages('warn', 'conversation-events')).toEqual([
    'own events do not come back: the subscription is opened anew',
  ]);
  expect(messages('info', 'conversation-events').at(-1)).toBe('own events come back');
});
