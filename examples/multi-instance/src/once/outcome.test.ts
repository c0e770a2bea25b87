import { describe, expect, test } from 'vitest';
import { ChangeTracker } from '../answers/change-tracker.ts';
import { type Outcome, outcomeOf, resultOf } from './outcome.ts';

const boundMs = 2_000;

interface Given {
  readonly text: string | undefined;
  readonly startedMs: number;
}

interface Run {
  readonly droppedMs?: number;
  readonly freshMs?: number;
  readonly given?: readonly Given[];
  readonly survivors?: number;
}

/** One instance, one row that was changed at 1,000, and what the instance did then. */
function outcome({ droppedMs = 1_004, freshMs = 1_010, given = [], survivors = 0 }: Run): Outcome {
  const tracker = new ChangeTracker(['a'], 10);
  tracker.watch('acme', 'old');
  const texts = new Map([['acme', 'new']]);
  const { change, commit } = tracker.begin({ what: 'update acme', texts, beganMs: 990 });
  commit(1_000);
  tracker.heardDrop({ instance: 'a', keys: ['acme'], atMs: droppedMs });
  tracker.heardAnswer('a', 'acme', { text: 'new', endedMs: freshMs });
  return outcomeOf({
    instances: 1,
    hints: 'broadcast',
    boundMs,
    changes: tracker.changes,
    measured: [change],
    answers: given.map((answer) => ({ ...answer, tenant: 'acme', endedMs: answer.startedMs + 1 })),
    statesOf: (tenant) => tracker.statesOf(tenant),
    survivors,
  });
}

test('a run in which every answer was fresh in time is good', () => {
  const given = [
    { text: 'old', startedMs: 500 },
    { text: 'old', startedMs: 2_500 },
    { text: 'new', startedMs: 9_000 },
  ];
  expect(outcome({ given })).toEqual({
    instances: 1,
    changes: 1,
    hints: 'broadcast',
    dropMs: { p50: 4, p99: 4 },
    freshMs: { p50: 10, p99: 10 },
    beyondBound: 0,
    survivors: 0,
    answers: 3,
    withinBound: 1,
    oldestMs: 1_500,
    failed: 0,
    problems: [],
  });
});

test('an instance that dropped before the writer heard of its commit took no time', () => {
  expect(outcome({ droppedMs: 995, freshMs: 999 })).toMatchObject({
    dropMs: { p50: 0, p99: 0 },
    freshMs: { p50: 0, p99: 0 },
  });
});

describe('a run is not good', () => {
  test('with a stale answer beyond the bound', () => {
    const given = [{ text: 'old', startedMs: 3_001 }];
    expect(outcome({ given })).toMatchObject({ beyondBound: 1, problems: [expect.stringMatching(/stale/)] });
  });

  test('with an answer that was never true', () => {
    const given = [{ text: 'of another tenant', startedMs: 1_001 }];
    expect(outcome({ given })).toMatchObject({
      beyondBound: 1,
      problems: [expect.stringMatching(/never true/)],
    });
  });

  test('with an old answer at the end', () => {
    expect(outcome({ survivors: 2 })).toMatchObject({
      survivors: 2,
      problems: [expect.stringMatching(/at the end/)],
    });
  });

  test('with a request without an answer', () => {
    const given = [{ text: undefined, startedMs: 1_001 }];
    expect(outcome({ given })).toMatchObject({ failed: 1, problems: [expect.stringMatching(/no answer/)] });
  });

  test('with a change that an instance never dropped, although all else went well', () => {
    const tracker = new ChangeTracker(['a', 'b'], 10);
    tracker.watch('acme', 'old');
    const { change, commit } = tracker.begin({ what: 'u', texts: new Map([['acme', 'new']]), beganMs: 0 });
    commit(1);
    tracker.heardDrop({ instance: 'a', keys: null, atMs: 2 });
    for (const name of ['a', 'b']) tracker.heardAnswer(name, 'acme', { text: 'new', endedMs: 3 });
    const { problems } = outcomeOf({
      instances: 2,
      hints: 'silent',
      boundMs,
      changes: tracker.changes,
      measured: [change],
      answers: [],
      statesOf: (tenant) => tracker.statesOf(tenant),
      survivors: 0,
    });
    expect(problems).toEqual([expect.stringMatching(/^1 times an instance missed/)]);
  });
});

test('the line for programs has exactly the promised fields, in their order', () => {
  expect(Object.keys(resultOf(outcome({})))).toEqual([
    'instances',
    'changes',
    'hints',
    'dropMs',
    'freshMs',
    'beyondBound',
    'survivors',
  ]);
});
