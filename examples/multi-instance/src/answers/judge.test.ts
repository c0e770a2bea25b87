import { describe, expect, test } from 'vitest';
import { judge, type State } from './judge.ts';

const boundMs = 2_000;

/** A row that was `old`, and since a commit at 1,000 is `new`. */
const history: readonly State[] = [
  { text: 'old', beganMs: Number.NEGATIVE_INFINITY },
  { text: 'new', beganMs: 990, committedMs: 1_000 },
];

function judgeAt(startedMs: number, text: string | undefined, states = history): unknown {
  return judge(states, { text, startedMs, endedMs: startedMs + 5 }, boundMs);
}

describe('an old answer', () => {
  test('is current while the commit is not acknowledged', () => {
    expect(judgeAt(999, 'old')).toEqual({ kind: 'current' });
    const unacknowledged = [history[0], { text: 'new', beganMs: 990 }] as readonly State[];
    expect(judgeAt(9_000, 'old', unacknowledged)).toEqual({ kind: 'current' });
  });

  test('is within the bound until the bound is over, by when its request was sent', () => {
    expect(judgeAt(1_001, 'old')).toEqual({ kind: 'within bound', staleMs: 1 });
    expect(judgeAt(3_000, 'old')).toEqual({ kind: 'within bound', staleMs: 2_000 });
    expect(judgeAt(3_001, 'old')).toEqual({ kind: 'beyond bound', staleMs: 2_001 });
  });

  test('that came late to an early request is not beyond the bound', () => {
    const answer = { text: 'old', startedMs: 1_500, endedMs: 60_000 };
    expect(judge(history, answer, boundMs)).toEqual({ kind: 'within bound', staleMs: 500 });
  });
});

describe('a new answer', () => {
  test('is current from the moment at which its statement was sent', () => {
    expect(judgeAt(986, 'new')).toEqual({ kind: 'current' });
    expect(judgeAt(100_000, 'new')).toEqual({ kind: 'current' });
  });

  test('was never true before that', () => {
    expect(judgeAt(900, 'new')).toEqual({ kind: 'never true' });
  });
});

test('an answer that the row never held was never true', () => {
  expect(judgeAt(2_000, 'of another tenant')).toEqual({ kind: 'never true' });
});

test('a request without an answer has failed', () => {
  expect(judgeAt(2_000, undefined)).toEqual({ kind: 'failed' });
});

test('a content that came back counts from its latest time', () => {
  const states = [
    ...history,
    { text: 'old', beganMs: 4_990, committedMs: 5_000 },
    { text: 'last', beganMs: 6_000, committedMs: 6_010 },
  ];
  expect(judgeAt(5_500, 'old', states)).toEqual({ kind: 'current' });
  expect(judgeAt(7_010, 'old', states)).toEqual({ kind: 'within bound', staleMs: 1_000 });
  expect(judgeAt(7_010, 'new', states)).toEqual({ kind: 'beyond bound', staleMs: 2_010 });
});
