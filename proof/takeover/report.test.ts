import { expect, test } from 'vitest';
import type { Attempt } from './attempt.ts';
import { markdown, rowLine, summarise } from './report.ts';
import type { TakeoverRow } from './row.ts';

const options = {
  seed: 1,
  boundMs: 2_000,
  roundEveryMs: 100,
  times: 2,
  only: [],
  isJson: false,
  mustWrite: false,
};

function rowOf(attempts: readonly Attempt[], change: Partial<TakeoverRow> = {}): TakeoverRow {
  return {
    deployment: 'two sidecars',
    fault: 'kill -9',
    what: 'the working one is killed',
    roundEveryMs: 100,
    reads: 3_000,
    stale: 7,
    worstMs: 812.4,
    beyondBound: 0,
    ownMisses: 0,
    invented: 0,
    steps: { overlapping: 0, backwards: 0, byOrigins: {}, stalestMs: 0 },
    examples: [],
    attempts,
    survivors: 0,
    lost: 0,
    errors: 0,
    resets: 0,
    generations: 4,
    isGood: true,
    ...change,
  };
}

const attempts: readonly Attempt[] = [
  { takeoverMs: 640, allMs: 700, lagsMs: [1, 2, 3], lost: 0, generations: 2 },
  { takeoverMs: 720, allMs: 720, lagsMs: [600], lost: 0, generations: 2 },
];

test('a row tells the middle and the worst takeover, in milliseconds and in periods, and the lag of every change', () => {
  const cells = rowLine(rowOf(attempts)).trim().split(/\s+/);
  expect(cells.slice(0, 10)).toEqual(['good', '2', '640', '720', '720', '6.4', '7.2', '4', '2', '600']);
  expect(rowLine(rowOf(attempts, { isGood: false }))).toMatch(/^WRONG/);
});

test('a loss after which nobody took over has no figure', () => {
  const nobody: Attempt = { takeoverMs: null, allMs: null, lagsMs: [], lost: 3, generations: 0 };
  expect(rowLine(rowOf([nobody], { lost: 3 }))).toMatch(/^good +1 +- +- +- +- +- +0 +- +- +- +3 /);
});

test('the summary says how many reads stand for what was found, and says so only where none was wrong', () => {
  expect(summarise([rowOf(attempts)], options)).toBe(
    '1 rows, 0 wrong, seed 1, rounds every 100 ms: 2 takeovers under load, 3,000 reads checked, 0 beyond B = 2000 ms: with 95 % confidence fewer than 1.0e-3 of all reads are (3/n); 4 changes committed while nobody worked, 0 lost.',
  );
  expect(summarise([rowOf(attempts, { beyondBound: 1, isGood: false })], options)).not.toContain(
    'confidence',
  );
});

test('the document has a table for each deployment', () => {
  const rows = [rowOf(attempts), rowOf(attempts, { deployment: 'three sidecars' })];
  const text = markdown(rows, options, '2 cores');
  expect(text).toContain('On 2 cores.');
  expect(text.match(/^\*\*.+\*\*$/gm)).toEqual(['**Two sidecars**', '**Three sidecars**']);
  expect(text.match(/^\| kill -9 \|/gm)).toHaveLength(2);
});
