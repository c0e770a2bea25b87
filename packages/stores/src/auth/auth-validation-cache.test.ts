// The auth validations without Redis: one instance, L1, and time that the test moves.
import { createCache } from '@tidemark/cache';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import type { AuthVerdict } from './auth-validation.ts';
import {
  createAuthValidationCache,
  type AuthCheck,
  type AuthValidationCacheOptions,
} from './auth-validation-cache.ts';

const valid: AuthVerdict = { isValid: true, tenantId: 'acme' };

function open(options: Partial<AuthValidationCacheOptions> = {}) {
  const clock = new FakeClock();
  // Without the jitter that shortens lives.
  const cache = createCache({ clock, random: () => 1 });
  const validations = createAuthValidationCache({ cache, clock, ...options });
  return { clock, validations };
}

/** A check that counts its calls and answers what it is told to. */
function answering(verdict: AuthVerdict = valid) {
  const calls = { count: 0, verdict };
  const check: AuthCheck = () => {
    calls.count += 1;
    return Promise.resolve(calls.verdict);
  };
  return { calls, check };
}

describe('an auth validation (#34)', () => {
  test('is remembered, with the time of its check', async () => {
    const { validations, clock } = open();
    const { calls, check } = answering();
    const checkedAt = new Date(clock.wallMs());
    expect(await validations.get('ada', check)).toStrictEqual({ ...valid, checkedAt });
    await clock.advance(100_000);
    expect(await validations.get('ada', check)).toStrictEqual({ ...valid, checkedAt });
    expect(await validations.get('ada')).toStrictEqual({ ...valid, checkedAt });
    expect(calls.count).toBe(1);
  });

  test('is null when nothing is known and nothing can be asked', async () => {
    expect(await open().validations.get('ada')).toBeNull();
  });

  test('is never older than the TTL', async () => {
    const { validations, clock } = open({ ttlSeconds: 60 });
    const { calls, check } = answering();
    await validations.get('ada', check);
    await clock.advance(60_000);
    expect(await validations.get('ada')).toBeNull();
    await validations.get('ada', check);
    expect(calls.count).toBe(2);
  });

  test('counts its age from before the check, not from its answer', async () => {
    const { validations, clock } = open({ ttlSeconds: 60 });
    const slow = Promise.withResolvers<AuthVerdict>();
    const waiting = validations.get('ada', () => slow.promise);
    await clock.advance(8_000);
    slow.resolve(valid);
    await waiting;
    await clock.advance(51_000);
    expect(await validations.get('ada')).not.toBeNull();
    await clock.advance(1_000);
    expect(await validations.get('ada')).toBeNull();
  });

  test('lives 300 seconds when nobody says otherwise', async () => {
    const { validations, clock } = open();
    await validations.get('ada', answering().check);
    await clock.advance(299_000);
    expect(await validations.get('ada')).not.toBeNull();
    await clock.advance(1_000);
    expect(await validations.get('ada')).toBeNull();
  });

  test('that is invalid is remembered as well, without a tenant', async () => {
    const { validations } = open();
    const { calls, check } = answering({ isValid: false });
    await validations.get('ada', check);
    expect(await validations.get('ada', check)).toStrictEqual({
      isValid: false,
      checkedAt: expect.any(Date),
    });
    expect(calls.count).toBe(1);
  });

  test('of one user is not the other one’s', async () => {
    const { validations } = open();
    await validations.get('a:b', answering().check);
    expect(await validations.get('a')).toBeNull();
    expect(await validations.get('a%3Ab')).toBeNull();
  });

  test('costs one check, however many ask at once (R5)', async () => {
    const { validations } = open();
    const { calls, check } = answering();
    const answers = await Promise.all(Array.from({ length: 50 }, () => validations.get('ada', check)));
    expect(calls.count).toBe(1);
    expect(new Set(answers).size).toBe(1);
  });
});

describe('a check that fails (#34)', () => {
  test('reaches who waits, and is not remembered: neither as invalid nor as anything', async () => {
    const { validations, clock } = open();
    const failing = (): Promise<AuthVerdict> => Promise.reject(new Error('auth service is down'));
    await expect(validations.get('ada', failing)).rejects.toThrow('auth service is down');
    expect(await validations.get('ada')).toBeNull();
    const next = validations.get('ada', answering().check);
    await clock.advance(1_000);
    expect(await next).toMatchObject(valid);
  });

  test.each([
    ['nothing', undefined, /^verdict must be an object with isValid, got nothing/],
    ['a text', { isValid: 'yes' }, 'isValid must be true or false, got "yes"'],
    [
      'a misspelt field',
      { isValid: true, tenant: 't' },
      /^verdict must hold known fields only, got "tenant"/,
    ],
    ['a tenant that can’t be', { isValid: true, tenantId: 'global' }, /^tenantId must not be the name/],
  ])('to say more than %s is not remembered either', async (_, verdict, says) => {
    const { validations } = open();
    const check = (): Promise<AuthVerdict> => Promise.resolve(verdict as unknown as AuthVerdict);
    await expect(validations.get('ada', check)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(says),
    });
    expect(await validations.get('ada')).toBeNull();
  });
});

describe('what is said from outside (#34)', () => {
  test('replaces what is known', async () => {
    const { validations } = open();
    const { calls, check } = answering();
    await validations.get('ada', check);
    await validations.set('ada', { isValid: false });
    expect(await validations.get('ada', check)).toMatchObject({ isValid: false });
    expect(calls.count).toBe(1);
  });

  test('is known where nothing was', async () => {
    const { validations } = open();
    await validations.set('ada', valid);
    expect(await validations.get('ada')).toMatchObject(valid);
  });

  test('wins over a check that is under way (R2)', async () => {
    const { validations } = open();
    const slow = Promise.withResolvers<AuthVerdict>();
    const waiting = validations.get('ada', () => slow.promise);
    await validations.set('ada', { isValid: false });
    slow.resolve(valid);
    expect(await waiting).toMatchObject(valid);
    expect(await validations.get('ada')).toMatchObject({ isValid: false });
  });

  test('is forgotten by hand, and so is what a check finds that was under way (R2, R3)', async () => {
    const { validations } = open();
    await validations.set('ada', valid);
    const slow = Promise.withResolvers<AuthVerdict>();
    const waiting = validations.get('bob', () => slow.promise);
    await validations.invalidate('ada');
    await validations.invalidate('bob');
    slow.resolve(valid);
    await waiting;
    expect(await validations.get('ada')).toBeNull();
    expect(await validations.get('bob')).toBeNull();
  });

  test('is refused when it is no verdict, and what was known stays', async () => {
    const { validations } = open();
    await validations.set('ada', valid);
    await expect(validations.set('ada', { isValid: 1 } as unknown as AuthVerdict)).rejects.toThrow(/isValid/);
    expect(await validations.get('ada')).toMatchObject(valid);
  });
});

describe('the switch (#30, #34)', () => {
  test('off: every get checks, and nothing is remembered', async () => {
    const { validations } = open({ env: { ENABLE_AUTH_VALIDATION_CACHE: 'off' } });
    const { calls, check } = answering();
    await validations.get('ada', check);
    await validations.get('ada', check);
    await validations.set('ada', valid);
    expect(calls.count).toBe(2);
    expect(await validations.get('ada')).toBeNull();
    expect(validations.stats()).toMatchObject({ isOn: false, entries: 0, checks: 2 });
  });

  test('is logged with its reason', () => {
    const log = new RecordedLog();
    open({ logger: log, env: { ENABLE_REDIS_CACHING: 'no' } });
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'auth validation cache chosen',
        fields: {
          component: 'auth-validation',
          isOn: false,
          hasRedis: false,
          reason: 'ENABLE_REDIS_CACHING=false',
        },
      },
    ]);
  });
});

test('the counts tell hits from checks (#34)', async () => {
  const { validations } = open();
  const { check } = answering();
  await validations.get('ada', check);
  await validations.get('ada', check);
  await validations.get('ada', check);
  expect(validations.stats()).toEqual({
    isOn: true,
    entries: 1,
    hits: 2,
    l2Hits: 0,
    checks: 1,
    l2Refused: 0,
  });
});

test.each([
  [{ ttlSeconds: 0 }, 'ttlSeconds must be a whole number above 0, got 0'],
  [{ ttl: 5 }, /^createAuthValidationCache must be given known options only .*got ttl$/],
  [{ env: { ENABLE_AUTH_VALIDATION_CACHE: 'y' } }, /^ENABLE_AUTH_VALIDATION_CACHE must be one of/],
])('%j is refused', (options, says) => {
  expect(() => open(options as Partial<AuthValidationCacheOptions>)).toThrow(says);
});

test('a user id that can’t be one is refused', async () => {
  const { validations } = open();
  const refusal = { code: 'INPUT_INVALID', message: expect.stringMatching(/^userId must be a text/) };
  await expect(validations.get('')).rejects.toMatchObject(refusal);
  await expect(validations.set('', valid)).rejects.toMatchObject(refusal);
  await expect(validations.invalidate('')).rejects.toMatchObject(refusal);
});
