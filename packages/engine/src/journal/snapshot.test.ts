import type { JournalRead } from '@tidemark/protocol';
import { expect, test } from 'vitest';
import { admitLoss, isSnapshot, toPrev } from './snapshot.ts';

test.each(['10:10:', '10:12:10', '10:20:10,11,11,19', '3:9223372036854775807:'])(
  '%j is a snapshot',
  (text) => {
    expect(isSnapshot(text)).toBe(true);
  },
);

test.each([
  '',
  'garbage',
  '10:12',
  '0:12:',
  '12:10:',
  '10:12:9',
  '10:12:12',
  '10:20:12,11',
  '10:20:,11',
  '10:20:11,',
  '-1:5:',
  ' 10:12:',
  '1:99999999999999999999:',
  '1:9999999999999999999:',
])('%j is none: PostgreSQL would refuse it in every round', (text) => {
  expect(isSnapshot(text)).toBe(false);
});

const read: JournalRead = {
  cursor: { snapshot: '20:20:', server: 'server-1', watchHash: 'watch-1' },
  isInRecovery: false,
  wentBack: false,
  wasPruned: false,
  changes: [],
  watch: null,
};

test('a whole snapshot is what the journal is asked for, and its answer stands as it is', () => {
  expect(toPrev('10:12:10')).toBe('10:12:10');
  expect(admitLoss(read, '10:12:10')).toEqual(read);
});

test('without a snapshot only the present is asked for, and nothing is missed', () => {
  expect(toPrev(null)).toBeNull();
  expect(admitLoss(read, null)).toEqual(read);
});

test('a damaged snapshot is not passed on, and what it should have asked for is admitted to be missed (R1)', () => {
  expect(toPrev('12:10:')).toBeNull();
  expect(admitLoss(read, '12:10:')).toEqual({ ...read, wasPruned: true });
});
