// The limiter without Redis: an instance that counts for itself.
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';

/** How many of so many checks are within the limit. */
async function admitted(limiter: RateLimiter, identifier: string, checks: number): Promise<number> {
  let count = 0;
  for (let done = 0; done < checks; done += 1) if (await limiter.check(identifier)) count += 1;
  return count;
}

describe('a limiter without Redis (#35)', () => {
  test('admits 100 requests, and not the next', async () => {
    expect(await admitted(createRateLimiter(), 'ada', 120)).toBe(100);
  });

  test('admits as many as it is told to', async () => {
    expect(await admitted(createRateLimiter({ limit: 3 }), 'ada', 10)).toBe(3);
  });

  test('counts each identifier by itself', async () => {
    const limiter = createRateLimiter({ limit: 2 });
    expect(await admitted(limiter, 'ada', 5)).toBe(2);
    expect(await admitted(limiter, 'bob', 5)).toBe(2);
  });

  test('admits again in the next window', async () => {
    const limiter = createRateLimiter({ limit: 1, window: '1s' });
    expect(await admitted(limiter, 'ada', 2)).toBe(1);
    await expect.poll(() => limiter.check('ada'), { timeout: 10_000 }).toBe(true);
  });

  test('forgets who was silent the longest beyond 100,000 identifiers, so that its memory is bounded', async () => {
    const limiter = createRateLimiter({ limit: 1 });
    expect(await admitted(limiter, 'first', 2)).toBe(1);
    expect(await admitted(limiter, 'second', 2)).toBe(1);
    expect(await admitted(limiter, 'first', 1)).toBe(0);
    for (let count = 2; count <= 100_000; count += 1) await limiter.check(`other-${count}`);
    expect(await limiter.check('second')).toBe(true);
    expect(await limiter.check('other-100000')).toBe(false);
  });

  test('says why it is alone', () => {
    const log = new RecordedLog();
    const limiter = createRateLimiter({ logger: log, bucket: 'chat', env: {} });
    expect(limiter.status()).toEqual({
      backend: 'this process',
      reason: 'no Redis was given',
      isAsConfigured: true,
    });
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'rate limiter chosen',
        fields: {
          component: 'rate-limiter',
          bucket: 'chat',
          backend: 'this process',
          reason: 'no Redis was given',
        },
      },
    ]);
  });
});

describe('a limiter refuses (#35)', () => {
  test.each(['', 'x'.repeat(201), undefined])('the identifier %j', async (identifier) => {
    await expect(createRateLimiter().check(identifier as string)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^identifier must be a text of 1 to 200 characters/),
    });
  });

  test.each([
    [{ limit: 0 }, 'limit must be a whole number above 0, got 0'],
    [{ limit: 1.5 }, 'limit must be a whole number above 0, got 1.5'],
    [{ window: '1500ms' }, 'window must be a whole number of seconds, got "1500ms"'],
    [{ window: 0 }, /^window must be a positive number of milliseconds/],
    [{ bucket: '' }, /^bucket must be a text of 1 to 200 characters/],
    [{ limt: 1 }, /^createRateLimiter must be given known options only .*got limt$/],
    [{ env: { ENABLE_RATE_LIMITER_REDIS: 'mabye' } }, /^ENABLE_RATE_LIMITER_REDIS must be one of/],
  ] as const)('%j', (options, says) => {
    expect(() => createRateLimiter(options as RateLimiterOptions)).toThrow(says);
  });
});
