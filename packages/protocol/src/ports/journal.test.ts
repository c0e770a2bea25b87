import { describe, expect, it } from 'vitest';
import { type Cursor, isContinuous, type JournalRead } from './journal.ts';

const cursor: Cursor = { snapshot: '10:10:', server: 'server-1', watchHash: 'watch-1' };

const read: JournalRead = {
  cursor: { ...cursor, snapshot: '20:20:' },
  isInRecovery: false,
  wentBack: false,
  wasPruned: false,
  changes: [],
  watch: null,
};

describe('what changed since a cursor is the whole truth', () => {
  it('under the same server and the same watch', () => {
    expect(isContinuous(cursor, read)).toBe(true);
  });

  it.each<[string, Partial<JournalRead>]>([
    ['the server lost commits', { wentBack: true }],
    ['changes were pruned unread', { wasPruned: true }],
    ['the server is another one, or has been restarted', { cursor: { ...read.cursor, server: 'server-2' } }],
    ['the watch is another one', { cursor: { ...read.cursor, watchHash: 'watch-2' } }],
  ])('but not when %s (R1)', (_what, change) => {
    expect(isContinuous(cursor, { ...read, ...change })).toBe(false);
  });
});
