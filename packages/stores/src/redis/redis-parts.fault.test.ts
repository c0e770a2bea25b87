// Hubs, limiter and auth validations on a real Redis that fails: nothing reaches a caller but a little time (R4), each
// change of state is said once, and what was agreed before works again when Redis is back (R6).
import { createCache } from '@tidemark/cache';
import { until } from '@tidemark/devstack';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthValidationCache } from '../auth/auth-validation-cache.ts';
import { createConversationEventHub } from '../events/create-event-hubs.ts';
import { checkHealth } from '../health/check-health.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';
import { messagesOf, RedisScene } from '../testing/redis-scene.ts';
import type { SharedRedis } from './shared-redis.ts';

let scene: RedisScene;
let redis: SharedRedis;
let log: RecordedLog;

beforeAll(async () => {
  scene = await RedisScene.start();
});

afterAll(() => scene[Symbol.asyncDispose]());

beforeEach(async () => {
  log = new RecordedLog();
  redis = await scene.open(log);
});

afterEach(() => redis.close());

const troubles = [
  ['refuses connections', () => scene.proxy.cut()],
  ['is silent', async () => scene.proxy.silence()],
  ['takes requests and never answers', async () => scene.proxy.silence('toClient')],
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
    expect(messagesOf(log, 'warn', 'rate-limiter')).toEqual([
      'Redis does not count: each instance limits for itself',
    ]);

    await scene.proxy.heal();
    await until(
      async () => {
        await limiter.check('bob');
        return limiter.status().backend === 'Redis';
      },
      { what: 'Redis to count again' },
    );
    expect(await limiter.check('ada')).toBe(false);
    expect(messagesOf(log, 'info', 'rate-limiter').at(-1)).toMatch(/^Redis counts again/);
  });

  test('events reach the subscribers here, and everybody again afterwards (#36, R4, R6)', async () => {
    const clock = new FakeClock();
    using near = createConversationEventHub({ redis, clock });
    using farRedis = await scene.openAnother();
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
    expect(messagesOf(log, 'warn', 'shared-redis')).toHaveLength(1);

    await scene.proxy.heal();
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

describe('a switch that is off (#30)', () => {
  test('keeps the limiter away from Redis (#35)', async () => {
    const limiter = createRateLimiter({ redis, limit: 1, env: { ENABLE_RATE_LIMITER_REDIS: 'off' } });
    expect([await limiter.check('ada'), await limiter.check('ada')]).toEqual([true, false]);
    expect(await scene.admin.exists('copilot:ratelimit:default:ada')).toBe(0);
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
    expect(await scene.admin.pubsub('CHANNELS', 'copilot:events:*')).toEqual([]);
  });

  test('keeps the auth validations away from Redis (#34)', async () => {
    await using cache = createCache();
    const env = { ENABLE_AUTH_VALIDATION_CACHE: 'off' };
    const validations = createAuthValidationCache({ cache, redis, env });
    await validations.get('ada', async () => ({ isValid: true }));
    await validations.set('bob', { isValid: true });
    expect(await validations.get('bob')).toBeNull();
    expect(await scene.admin.exists('copilot:auth:validation:ada', 'copilot:auth:validation:bob')).toBe(0);
  });
});
