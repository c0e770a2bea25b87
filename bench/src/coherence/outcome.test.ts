import { describe, expect, it } from 'vitest';
import { countText, outcomeOf, unansweredOf } from './outcome.ts';

const none = { fresh: 0, stale: 0, failed: 0, lastStaleMs: null };

describe('a window', () => {
  it('is stale only when nothing fresh was ever read', () => {
    expect(outcomeOf({ ...none, stale: 9, failed: 1, lastStaleMs: 70 })).toBe('stale');
    expect(outcomeOf({ ...none, stale: 9, fresh: 1, lastStaleMs: 70 })).toBe('fresh');
  });

  it('in which nothing was answered shows nothing, and is refused', () => {
    expect(() => outcomeOf({ ...none, failed: 3 })).toThrow('none of 3 reads had an answer');
  });
});

it('tells the share of reads without an answer', () => {
  expect(unansweredOf({ ...none, fresh: 1, stale: 2, failed: 1 })).toBe(0.25);
});

describe('a count', () => {
  it('tells the stale ones from the processes that ended', () => {
    expect(countText(['stale', 'fresh', 'stale'])).toBe('2 of 3');
    expect(countText(['stale', outcomeOf(null)])).toBe('1 of 2, 1 ended');
  });
});
