// The short version of the search: every knock-out breaks a promise by its schedule, or on the walk that is recorded for
// it. After a change of the product or of the model walks go another way, and the search goes on from there; when this
// becomes slow, `npm run model -- --write` records where they are found now.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { knockOuts } from './knock-outs.ts';
import { findProblems, searchKnockOuts } from './run-searches.ts';

const seeds = JSON.parse(readFileSync(path.join(import.meta.dirname, 'seeds.json'), 'utf8')) as Record<
  string,
  number
>;

test('every guard that a knock-out takes out stands in its file exactly once', () => {
  const guards = knockOuts.flatMap(({ patches = [] }) => patches);
  expect(guards.length).toBeGreaterThan(20);
  for (const { file, guard } of guards) {
    const source = readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8');
    expect(source.split(guard).length - 1, `${file}: ${guard}`).toBe(1);
  }
});

test(
  'every knock-out breaks a promise where it did so before (R1, R2, R3)',
  { timeout: 300_000 },
  async () => {
    const searched = await searchKnockOuts({
      firstSeed: (name) => seeds[name] ?? 1,
      // Some walks, not one: what shifts a walk by a step need not hide the race.
      maxSteps: 30_000,
      processes: 2,
    });
    expect(findProblems(searched)).toEqual([]);
    expect(searched.results).toHaveLength(knockOuts.length);
  },
);
