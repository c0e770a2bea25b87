import { describe, expect, it } from 'vitest';
import { ContestResult } from './contest.ts';
import { median, spreadOf } from './statistics.ts';

describe('a median', () => {
  it('is the one in the middle, whatever the order, or halfway between two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('of nothing is refused', () => {
    expect(() => median([])).toThrow('a quantile needs samples, got none');
  });

  it('has a quarter of the samples below the one end of its spread, and a quarter above the other', () => {
    expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, quarters: [2, 4] });
  });
});

describe('the result of a contest', () => {
  const result = new ContestResult(
    new Map([
      ['a', [10, 200, 10]],
      ['b', [20, 400, 19]],
    ]),
  );

  it('takes ratios within a round: what slowed both down in one of them changes nothing', () => {
    expect(result.ratio('b', 'a')).toBe(2);
  });

  it('knows the best, and refuses a name that was not there', () => {
    expect(result.best(['a', 'b'])).toBe('a');
    expect(() => result.of('c')).toThrow('no contestant is called "c"');
  });
});
