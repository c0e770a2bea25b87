// Every guard that the specification names is missed by its test. Minutes: `npm run mutate` says the same line by line.
import path from 'node:path';
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { tryMutations } from './try-mutations.ts';

test('every mutation turns the test that it names red', { timeout: 1_800_000 }, async () => {
  const results = await tryMutations(path.join(import.meta.dirname, '../..'), mutations);
  const unnoticed = results.filter(({ verdict }) => verdict.kind !== 'red');
  expect(unnoticed).toEqual([]);
  expect(results).toHaveLength(mutations.length);
});
