import { describe, expect, it } from 'vitest';
import { makeScale } from './scale.ts';

const place = { from: 0, until: 100, isLogarithmic: true };

describe('a logarithmic scale', () => {
  it('goes from one power of ten to another', () => {
    const { ticks, place: placeOf } = makeScale({ ...place, values: [3, 200] });
    expect(ticks).toEqual([1, 10, 100, 1_000]);
    expect(placeOf(1_000)).toBe(100);
  });

  it('that is tight ends at 1, 2 or 5 of a power, with lines between where there are few powers', () => {
    const { ticks, place: placeOf } = makeScale({ ...place, values: [1, 16], isTight: true });
    expect(ticks).toEqual([1, 2, 5, 10, 20]);
    expect(placeOf(20)).toBe(100);
  });

  it('that is tight has lines at powers alone where they are enough', () => {
    expect(makeScale({ ...place, values: [1, 3_000], isTight: true }).ticks).toEqual([1, 10, 100, 1_000]);
  });

  it('covers a power at least, tight or not, so that what hardly grows looks flat', () => {
    expect(makeScale({ ...place, values: [11, 13], isTight: true }).ticks).toEqual([10, 100]);
  });

  it('has a length where all values are the same', () => {
    const { place: placeOf } = makeScale({ ...place, values: [10, 10], isTight: true });
    expect(placeOf(10)).toBe(0);
  });
});
