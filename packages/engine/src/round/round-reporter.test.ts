import { FakeClock } from '@tidemark/devstack/fakes';
import type { JournalRead, RoundOutcome } from '@tidemark/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FoundByRound, HintSource } from '../hints/hint-source.ts';
import type { ObservedRound } from '../observer.ts';
import type { FinishedRound } from './round-steps.ts';
import { RoundReporter } from './round-reporter.ts';

let expected: FoundByRound[];
let rounds: ObservedRound[];
let reporter: RoundReporter;

const hint: HintSource = {
  start: () => {},
  follow: () => {},
  expect: (found) => expected.push(found),
  status: () => [],
  close: async () => {},
};

beforeEach(() => {
  expected = [];
  rounds = [];
  reporter = new RoundReporter({
    namespace: 'main',
    hints: [hint],
    observer: { onRound: (round) => rounds.push(round), onHint: () => {} },
    clock: new FakeClock(),
    isOurs: (table) => table === 'a.ours',
    madeMs: 5,
  });
});

function roundAt(startedMs: number, outcome: Partial<RoundOutcome>): FinishedRound {
  const read: JournalRead = {
    cursor: { snapshot: '1:1:', server: 's', watchHash: 'w' },
    isInRecovery: false,
    wentBack: false,
    wasPruned: false,
    changes: ['a.ours', 'a.theirs'].map((table) => ({ table, keys: ['k'] })),
    transactions: ['a.ours', 'a.theirs'].map((table) => ({ table, xid: '7', ageMs: 100 })),
    watch: null,
  };
  return {
    isGlance: false,
    startedMs,
    steps: [
      { name: 'begin', startedMs, endedMs: startedMs + 1 },
      { name: 'read', startedMs: startedMs + 1, endedMs: startedMs + 3 },
      { name: 'publish', startedMs: startedMs + 3, endedMs: startedMs + 4 },
    ],
    read,
    outcome: { isPublished: true, changed: 1, wantsMore: false, ...outcome },
  };
}

describe('of a journal that serves several namespaces', () => {
  test('each tells its own tables alone, so that no change is counted twice', () => {
    reporter.finished(roundAt(1_000, {}));
    expect(rounds[0]?.changes.map(({ table }) => table)).toEqual(['a.ours']);
    expect(expected).toEqual([
      { sinceMs: 5, tables: ['a.ours'], changes: [{ table: 'a.ours', xid: '7', madeMs: 902 }] },
    ]);
  });
});

describe('a change that the round before did not see', () => {
  test('was made after that one began to read', () => {
    reporter.finished(roundAt(950, { changed: 0 }));
    reporter.finished(roundAt(1_000, {}));
    expect(expected[0]).toMatchObject({ sinceMs: 950, changes: [{ madeMs: 951 }] });
    expect(rounds[1]?.changes[0]?.publishedAfterMs).toEqual([53]);
  });

  test('may be older when that one was refused: its cursor went nowhere', () => {
    reporter.finished(roundAt(950, { changed: 0, isPublished: false }));
    reporter.finished(roundAt(1_000, {}));
    expect(expected[0]?.changes[0]?.madeMs).toBe(902);
    expect(rounds.map(({ outcome }) => outcome)).toEqual(['refused', 'published']);
  });
});
