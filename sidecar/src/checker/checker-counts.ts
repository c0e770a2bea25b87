// What the checker has counted since its start, of all values and of each table. Counts only: no key and no value.

/** Why a key was not compared. */
export type SkipReason = 'refused' | 'incomparable' | 'several tables' | 'source' | 'busy' | 'unproved';

interface Counts {
  /** Keys that were looked at. */
  readonly sampled: number;
  readonly agreed: number;
  /** Differed at the first look; most of them because a change was on its way. */
  readonly mismatchedOnce: number;
  /** Of those, overtaken or mended when they were looked at again. */
  readonly inFlight: number;
  /** Differed beyond the bound. Must be 0. */
  readonly staleBeyondBound: number;
}

export interface CheckerStatus extends Counts {
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** By table, of those whose values were looked at. */
  readonly tables: Readonly<Record<string, Counts>>;
}

const zero: Counts = { sampled: 0, agreed: 0, mismatchedOnce: 0, inFlight: 0, staleBeyondBound: 0 };

export class CheckerCounts {
  #all = zero;
  /** As many as have ever been tracked. */
  readonly #tables = new Map<string, Counts>();
  readonly #skipped: Record<SkipReason, number> = {
    refused: 0,
    incomparable: 0,
    'several tables': 0,
    source: 0,
    busy: 0,
    unproved: 0,
  };

  get status(): CheckerStatus {
    return { ...this.#all, skipped: { ...this.#skipped }, tables: Object.fromEntries(this.#tables) };
  }

  count(table: string, what: keyof Counts): void {
    this.#all = oneMore(this.#all, what);
    this.#tables.set(table, oneMore(this.#tables.get(table) ?? zero, what));
  }

  skip(reason: SkipReason): void {
    this.#skipped[reason] += 1;
  }
}

function oneMore(counts: Counts, what: keyof Counts): Counts {
  return { ...counts, [what]: counts[what] + 1 };
}
