// Which rows exist and who may write them. Each row has one writer, so that its versions grow in the order of commits
// and one number tells how old an answer is. Rows travel as small numbers; the database knows them as `k<number>`.

export const instanceCount = 3;
const sharedCount = 480;
const ownCount = 12;
const bulkCount = 20;

export const table = 'public.item';
export const regionName = 'item';

/** Of an entry: longer than any row of the report takes. */
export const ttlMs = 60_000;

/** Rows that nobody reads: the mass of a bulk change. */
export const fillerCount = 100_000;

export interface KeyRange {
  readonly from: number;
  readonly count: number;
}

export function keysOf({ from, count }: KeyRange): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Of the writer process. */
export const sharedKeys: KeyRange = { from: 0, count: sharedCount };

/** Of one instance, which writes them through its cache. */
export function ownKeys(slot: number): KeyRange {
  return { from: sharedCount + slot * ownCount, count: ownCount };
}

/** Of the nemesis, written together with the filler in one transaction. */
export const bulkKeys: KeyRange = { from: sharedCount + instanceCount * ownCount, count: bulkCount };

/** Of the nemesis, written in transactions that stay open for long. */
export const slowKey: number = bulkKeys.from + bulkCount;

export const keyCount: number = slowKey + 1;

export function keyName(key: number): string {
  return `k${key}`;
}

export function keyNumber(name: string): number {
  return Number(name.slice(1));
}
