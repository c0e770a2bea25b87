// What L2 may say of a user: on a real Redis, with a fault or another instance in the middle of it.
import { createCache } from '@tidemark/cache';
import { until } from '@tidemark/devstack';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { connected, RedisScene } from '../testing/redis-scene.ts';
import type { AuthVerdict } from './auth-validation.ts';
import { createAuthValidationCache, type AuthValidationCache } from './auth-validation-cache.ts';

let scene: RedisScene;
let redis: SharedRedis;

beforeAll(async () => {
  scene = await RedisScene.start();
});

afterAll(() => scene[Symbol.asyncDispose]());

beforeEach(async () => {
  redis = await scene.open(new RecordedLog());
});

afterEach(() => redis.close());

describe('an auth validation that Redis brings back (#34, R3)', () => {
  test('after a removal that never arrived, is not read by who removed it', async () => {
    await using cache = createCache();
    const validations = createAuthValidationCache({ cache, redis });
    await validations.get('ada', async () => ({ isValid: true }));
    await until(
      async () => (await scene.admin.get('copilot:auth:validation:ada'))?.startsWith('{') === true,
      {
        what: 'the validation in L2',
      },
    );
    await scene.proxy.cut();
    await validations.invalidate('ada');
    await scene.proxy.heal();
    await connected(redis);
    await until(async () => (await redis.attempt((commands) => commands.ping())) === 'PONG', {
      what: 'Redis',
    });
    expect(await scene.admin.exists('copilot:auth:validation:ada')).toBe(1);
    expect(await validations.get('ada')).toBeNull();
    expect(await validations.get('ada', async () => ({ isValid: false }))).toMatchObject({ isValid: false });
  });
});

describe('the fill of an auth validation (#34, R2)', () => {
  /** Two instances that share L2 and no bus: only the reservation can keep the fill of one from outliving the other's removal. */
  async function pair(run: (one: AuthValidationCache, other: AuthValidationCache) => Promise<void>) {
    await using first = createCache();
    await using second = createCache();
    using otherRedis = await scene.openAnother();
    await run(
      createAuthValidationCache({ cache: first, redis }),
      createAuthValidationCache({ cache: second, redis: otherRedis }),
    );
  }

  test('comes to nothing when the user was invalidated elsewhere during the check', async () => {
    await pair(async (one, other) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      await until(async () => (await scene.admin.get('copilot:auth:validation:ada')) !== null, {
        what: 'the reservation',
      });
      await other.invalidate('ada');
      slow.resolve({ isValid: true });
      await waiting;
      // The connection keeps the order: when this is answered, the fill has been.
      await redis.attempt((commands) => commands.ping());
      expect(await scene.admin.get('copilot:auth:validation:ada')).toBeNull();
    });
  });

  test('comes to nothing when an admin deleted the key during the check (#38)', async () => {
    await pair(async (one) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      await until(async () => (await scene.admin.get('copilot:auth:validation:ada')) !== null, {
        what: 'the reservation',
      });
      await scene.admin.del('copilot:auth:validation:ada');
      slow.resolve({ isValid: true });
      await waiting;
      await redis.attempt((commands) => commands.ping());
      expect(await scene.admin.exists('copilot:auth:validation:ada')).toBe(0);
    });
  });

  test('lives from the reservation on, and not from its end', async () => {
    await pair(async (one) => {
      const slow = Promise.withResolvers<AuthVerdict>();
      const waiting = one.get('ada', () => slow.promise);
      const key = 'copilot:auth:validation:ada';
      await until(async () => (await scene.admin.exists(key)) === 1, { what: 'the reservation' });
      // As if four seconds had passed since it was left.
      await scene.admin.pexpire(key, 6_000);
      slow.resolve({ isValid: true });
      await waiting;
      await until(async () => (await scene.admin.get(key))?.startsWith('{') === true, { what: 'the value' });
      expect(await scene.admin.pttl(key)).toBeLessThanOrEqual(236_000);
      expect(await scene.admin.pttl(key)).toBeGreaterThan(200_000);
    });
  });

  test('of another instance, in the middle of a set, does not take its place here', async () => {
    await pair(async (one) => {
      const key = 'copilot:auth:validation:ada';
      const text = '{"userId":"ada","isValid":true,"checkedAt":"2026-01-01T00:00:00.000Z"}';
      const attempt = redis.attempt.bind(redis);
      const spy = vi.spyOn(redis, 'attempt').mockImplementationOnce(async (run) => {
        const removed = await attempt(run);
        await scene.admin.set(key, text, 'PX', 100_000);
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
      await (life === 'PX' ? scene.admin.set(key, text, 'PX', 100_000) : scene.admin.set(key, text));
      expect(await one.get('ada')).toBeNull();
      expect(await one.get('ada', async () => ({ isValid: false }))).toMatchObject({ isValid: false });
      expect(one.stats()).toMatchObject({ l2Refused: 2, l2Hits: 0, checks: 1 });
    });
  });
});
