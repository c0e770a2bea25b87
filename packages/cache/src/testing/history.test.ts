import { expect, it } from 'vitest';
import { History } from './history.ts';

it('counts an old answer as stale, and as beyond the bound only after the bound', () => {
  const history = new History(1_000);
  history.committed('a', 0);
  history.committed('a', 100);

  history.answered('a', 0, 99);
  history.answered('a', 0, 600);
  history.answered('a', 0, 1_101);
  history.answered('a', 1, 5_000);

  expect(history.takeVerdict()).toEqual({ reads: 4, stale: 2, beyondBound: 1, worstMs: 1_001 });
  expect(history.takeVerdict().reads).toBe(0);
});
