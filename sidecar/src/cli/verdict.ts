// Whether an L2 value would be served, and why not: the rules of an instance, for somebody who asks about one key. Pure.
import {
  comparePositions,
  formatPosition,
  type Head,
  isAboveFloors,
  type L2Value,
  type LogRecord,
} from '@tidemark/protocol';
import type { RegionKey } from '../redis/region-keys.ts';

export interface Verdict {
  readonly kind: 'absent' | 'fresh' | 'overtaken' | 'unproved';
  readonly reason: string;
}

export interface VerdictFacts {
  readonly region: RegionKey;
  readonly head: Head | null;
  /** undefined: no value in Redis; null: one that is corrupt, of another format, or of another key. */
  readonly value: L2Value | null | undefined;
  /** Since the value was noted; null when the log does not reach back so far. */
  readonly records: readonly LogRecord[] | null;
}

export function verdictOf({ region, head, value, records }: VerdictFacts): Verdict {
  if (value === undefined) return { kind: 'absent', reason: 'not in L2: the next read loads it' };
  if (value === null) {
    return {
      kind: 'unproved',
      reason: 'the value is corrupt, of another format or of another key: it is loaded instead',
    };
  }
  if (head === null) return { kind: 'unproved', reason: 'there is no head: nothing vouches for the value' };
  const { notedAt } = value;
  const tables = region.tables.map(({ table }) => table);
  if (notedAt.generation < head.floor) {
    return { kind: 'overtaken', reason: `it was noted before generation ${head.floor}, the floor` };
  }
  if (!isAboveFloors(head, notedAt, tables)) {
    return { kind: 'overtaken', reason: `a whole table changed since: ${floorsOf(head, tables)}` };
  }
  if (comparePositions(notedAt, head.position) > 0) {
    return {
      kind: 'unproved',
      reason: 'it is ahead of the head: Redis went back, or a new generation is about to begin',
    };
  }
  const overtaking = records?.find((record) => names(record, region));
  if (overtaking !== undefined) {
    return { kind: 'overtaken', reason: `the record ${formatPosition(overtaking.position)} names it` };
  }
  const problem = region.tables.find(({ problem }) => problem !== null)?.problem;
  if (problem !== undefined && problem !== null) return { kind: 'unproved', reason: problem };
  return {
    kind: 'fresh',
    reason:
      records === null
        ? 'above the floors; the log does not reach back to it, and what overtook it would have removed it'
        : 'above the floors, and no record since names it',
  };
}

function names({ changes }: LogRecord, { tables, encodedKey }: RegionKey): boolean {
  return tables.some(({ table }) => {
    const keys = changes.get(table);
    return keys === null || keys?.includes(encodedKey) === true;
  });
}

function floorsOf(head: Head, tables: readonly string[]): string {
  return tables
    .flatMap((table) => {
      const floor = head.tableFloors.get(table);
      return floor === undefined ? [] : [`${table} at ${formatPosition(floor)}`];
    })
    .join(', ');
}
