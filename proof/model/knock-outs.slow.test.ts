// The model can fail: without any one of its guards the product breaks a promise, and a search from the first seed on
// meets it. knock-outs.test.ts takes the walks that were found before.
import { expect, test } from 'vitest';
import { knockOuts } from './knock-outs.ts';
import { findProblems, searchKnockOuts } from './run-searches.ts';

test('a search finds a broken promise for every knock-out', { timeout: 1_200_000 }, async () => {
  const searched = await searchKnockOuts({ firstSeed: () => 1, maxSteps: 600_000, processes: 2 });
  expect(findProblems(searched)).toEqual([]);
  expect(searched.results).toHaveLength(knockOuts.length);
});
