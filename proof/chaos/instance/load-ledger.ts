// R5, judged where it happens: which calls of the loader were one too many. An EPOCH of a row on an instance lasts from
// one moment at which something overtook the row there (a record, a hint, an own write, a reset) to the next. All reads
// that begin in one epoch may cost one load together; a second one is extra, unless
//   - it was asked for with `fresh: true`;
//   - the one before it failed, or was under way for half the bound already: then it is not joined (R1);
//   - its value had reached the bound and no lease vouched for it, or had reached its TTL.
// Pure, but for the clock that is passed in.
import type { Clock } from '@tidemark/protocol';

interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** A read that L1 could not answer, as it was when it began. */
export interface Ask {
  /** Asks are numbered: of two, the one with the smaller number began first. */
  readonly number: number;
  readonly at: Instant;
  readonly epochs: ReadonlyMap<number, number>;
  readonly isFresh: boolean;
  readonly hasLease: boolean;
}

export interface LoadCounts {
  readonly loads: number;
  /** Of the row that was loaded most often. */
  readonly mostLoads: number;
  /** R5: loads beyond the one of their epoch. */
  readonly extraLoads: number;
}

type Outcome = 'under way' | 'answered' | 'failed';

interface Load {
  readonly ask: Ask;
  readonly begunAt: Instant;
  /** How many asks there had been when the outcome was known. */
  endedAfter: number;
  outcome: Outcome;
}

export interface LedgerOptions {
  readonly keyCount: number;
  readonly boundMs: number;
  /** After this an entry may have expired by its TTL. */
  readonly keptMs: number;
  readonly clock: Clock;
  readonly hasLease: () => boolean;
}

export class LoadLedger {
  readonly #options: LedgerOptions;
  readonly #epochs: number[];
  readonly #latest = new Map<number, Load>();
  readonly #loads: number[];
  #asks = 0;
  #extraLoads = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#epochs = Array.from({ length: options.keyCount }, () => 0);
    this.#loads = Array.from({ length: options.keyCount }, () => 0);
  }

  /** A new epoch begins for the rows; null: for all of them. */
  overtake(keys: readonly number[] | null): void {
    for (const key of keys ?? this.#epochs.keys()) this.#epochs[key] = this.#epochOf(key) + 1;
  }

  /** To be called in the same synchronous run in which the read begins. */
  ask(keys: readonly number[], isFresh: boolean): Ask {
    this.#asks += 1;
    const epochs = new Map(keys.map((key) => [key, this.#epochOf(key)]));
    return { number: this.#asks, at: this.#now(), epochs, isFresh, hasLease: this.#options.hasLease() };
  }

  /** A load begins for a read. @returns to be called with its outcome */
  begin(key: number, ask: Ask): (outcome: 'answered' | 'failed') => void {
    this.#loads[key] = (this.#loads[key] ?? 0) + 1;
    const load: Load = { ask, begunAt: this.#now(), endedAfter: this.#asks, outcome: 'under way' };
    const before = this.#latest.get(key);
    // A read that began earlier and came to its load later says nothing about the load that it did not know of.
    if (before === undefined || before.ask.number < ask.number) {
      if (before !== undefined && this.#isExtra(key, before, ask)) this.#extraLoads += 1;
      this.#latest.set(key, load);
    }
    return (outcome) => {
      load.outcome = outcome;
      load.endedAfter = this.#asks;
    };
  }

  /** @returns the counts since the last time */
  take(): LoadCounts {
    const loads = this.#loads.reduce((sum, count) => sum + count, 0);
    const counts = { loads, mostLoads: Math.max(0, ...this.#loads), extraLoads: this.#extraLoads };
    this.#loads.fill(0);
    this.#extraLoads = 0;
    return counts;
  }

  #isExtra(key: number, before: Load, ask: Ask): boolean {
    if (ask.isFresh || before.outcome === 'failed') return false;
    if (before.ask.epochs.get(key) !== ask.epochs.get(key)) return false;
    const { boundMs, keptMs, hasLease } = this.#options;
    const wasUnderWay = before.outcome === 'under way' || before.endedAfter >= ask.number;
    // The cache noted its time between the two, and looked at it before now: what is too young here was so there. Both
    // count, because a wall clock that was set back in between makes the later one the older.
    const now = this.#now();
    const age = Math.max(ageMs(before.ask.at, now), ageMs(before.begunAt, now));
    if (wasUnderWay) return age < boundMs / 2;
    return age < boundMs || (ask.hasLease && hasLease() && age < keptMs);
  }

  #epochOf(key: number): number {
    return this.#epochs[key] ?? 0;
  }

  #now(): Instant {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }
}

/** By the clock that has moved further, in either direction: a promise in time ends with the first of the two. */
function ageMs(from: Instant, until: Instant): number {
  return Math.max(until.monotonicMs - from.monotonicMs, Math.abs(until.wallMs - from.wallMs));
}
