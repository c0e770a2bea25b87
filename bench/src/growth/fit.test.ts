import { describe, expect, it } from 'vitest';
import { exponentOf, type Point } from './fit.ts';

const sizes = [1, 10, 100, 1_000];

describe('the exponent', () => {
  it.each([0, 0.5, 1, 2])('of what grows with the power %s is that', (power) => {
    const points = sizes.map((size): Point => [size, 7 * size ** power]);
    expect(exponentOf(points)).toBeCloseTo(power, 10);
  });

  it('is not led astray by one point as far as it is off', () => {
    const points = sizes.map((size): Point => [size, size === 100 ? 2 * size : size]);
    expect(exponentOf(points)).toBeGreaterThan(0.9);
    expect(exponentOf(points)).toBeLessThan(1.1);
  });

  it.each<[string, readonly Point[]]>([
    ['nothing', []],
    [
      'one size',
      [
        [5, 1],
        [5, 2],
      ],
    ],
    [
      'a cost of nothing',
      [
        [1, 0],
        [2, 1],
      ],
    ],
  ])('of %s is refused', (_what, points) => {
    expect(() => exponentOf(points)).toThrow(RangeError);
  });
});
