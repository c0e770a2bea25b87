import type { JournalRead } from '@tidemark/protocol';
import { describe, expect, test } from 'vitest';
import { foundChanges, observedChanges, readOf } from './found-changes.ts';
import type { RoundStep } from './round-steps.ts';

const steps: readonly RoundStep[] = [
  { name: 'begin', startedMs: 1_000, endedMs: 1_001 },
  { name: 'read', startedMs: 1_001, endedMs: 1_005 },
  { name: 'publish', startedMs: 1_005, endedMs: 1_006 },
];

const read: JournalRead = {
  cursor: { snapshot: '1:1:', server: 's', watchHash: 'w' },
  isInRecovery: false,
  wentBack: false,
  wasPruned: false,
  changes: [
    { table: 'a.t', keys: ['k', 'l'] },
    { table: 'a.u', keys: null },
  ],
  transactions: [
    { table: 'a.t', xid: '7', ageMs: 2 },
    { table: 'a.u', xid: '7', ageMs: 40 },
    { table: 'a.t', xid: '8', ageMs: 0.5 },
  ],
  watch: null,
};

describe('the time of a change', () => {
  test('is its age before the middle of the read that told it', () => {
    expect(foundChanges({ steps, read }, undefined)).toEqual([
      { table: 'a.t', xid: '7', madeMs: 1_001 },
      { table: 'a.u', xid: '7', madeMs: 963 },
      { table: 'a.t', xid: '8', madeMs: 1_002.5 },
    ]);
  });

  test('is not before the last read that did not see it: a transaction stays open after its last statement', () => {
    const found = foundChanges({ steps, read }, 990);
    expect(found.map(({ madeMs }) => madeMs)).toEqual([1_001, 990, 1_002.5]);
  });

  test('is not known where the journal tells no transactions', () => {
    const { transactions: _, ...older } = read;
    expect(foundChanges({ steps, read: older }, undefined)).toEqual([]);
  });
});

test('what a round published is told by table, from each commit to the end of the round', () => {
  const found = foundChanges({ steps, read }, undefined);
  expect(observedChanges(read.changes, found, 1_006)).toEqual([
    { table: 'a.t', keys: 2, publishedAfterMs: [5, 3.5] },
    { table: 'a.u', keys: null, publishedAfterMs: [43] },
  ]);
});

test('of a read that serves several namespaces each is told its own tables', () => {
  const ours = readOf(read, (table) => table === 'a.u');
  expect(ours.changes).toEqual([{ table: 'a.u', keys: null }]);
  expect(ours.transactions).toEqual([{ table: 'a.u', xid: '7', ageMs: 40 }]);
});
