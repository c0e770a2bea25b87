import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duration, parseDuration } from './duration.ts';

describe('a duration', () => {
  it.each<[Duration, number]>([
    [250, 250],
    [0.5, 0.5],
    ['250ms', 250],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('%j is %d ms', (duration, ms) => {
    expect(parseDuration('ttl', duration)).toBe(ms);
  });

  it.each([
    [0, '0'],
    [-1, '-1'],
    [Number.NaN, 'null'],
    [Number.POSITIVE_INFINITY, 'null'],
    ['', '""'],
    ['0s', '"0s"'],
    ['-1s', '"-1s"'],
    ['5', '"5"'],
    ['5 m', '"5 m"'],
    ['5M', '"5M"'],
    ['.5s', '".5s"'],
    ['1e3ms', '"1e3ms"'],
    ['5m\n', String.raw`"5m\n"`],
    [`${'9'.repeat(400)}s`, `"${'9'.repeat(400)}s"`],
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, '{}'],
  ])('%j is refused, with the name, the rule and the value', (duration, shown) => {
    expect(() => parseDuration('ttl', duration as Duration)).toThrow(
      expect.objectContaining({
        name: 'TidemarkError',
        code: 'DURATION_INVALID',
        message: `ttl must be a positive number of milliseconds or a string like '250ms', '2s' or '5m', got ${shown}`,
      }),
    );
  });

  it('is a positive number of milliseconds or an error of ours, whatever comes in', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.constantFrom('1s', '2m')), (duration) => {
        try {
          const ms = parseDuration('ttl', duration as Duration);
          expect(ms > 0 && Number.isFinite(ms)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'DURATION_INVALID' });
        }
      }),
    );
  });
});
