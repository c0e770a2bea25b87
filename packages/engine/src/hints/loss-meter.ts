// Counts what became of each change at one hint source: announced in time, late, never, or made while the source was
// away. A change is a transaction's work on one table; broadcast and journal row carry both names, so that most
// hints are matched with their change exactly. One without names (an older migration, a stripped event) counts
// for every change that waits: then only time can tell. Owns no timer and no clock; what it holds is bounded.
//
//   found by a round ─┬─ heard already, or within the grace ──► in time
//                     ├─ heard after it, while it waits ──────► late
//                     ├─ ten graces pass, the channel fails ──► never
//                     └─ made while the source was not there ─► away
import type { TableTransaction } from '@tidemark/protocol';

export type HintOutcome = 'in time' | 'late' | 'never' | 'away';

/** What names a change to both sides. */
export type ChangeName = Pick<TableTransaction, 'table' | 'xid'>;

/** A change as a round found it. */
export interface FoundChange extends ChangeName {
  /** When it was committed, on the monotonic clock of this process: as well as one read of the journal can tell. */
  readonly madeMs: number;
}

export interface Settled {
  readonly outcome: HintOutcome;
  /** From the commit to the hint; null: it never came. */
  readonly delayMs: number | null;
}

export interface LossCounts {
  /** Within the grace of the source. */
  readonly inTime: number;
  readonly late: number;
  /** Made while the source listened, and not announced: what it lost. */
  readonly never: number;
  /** Made while the source was joining, refused or being rebuilt. */
  readonly away: number;
  /** Of the last 256 that were announced; null: none was yet. */
  readonly medianDelayMs: number | null;
}

export interface LossMeterOptions {
  readonly graceMs: number;
  readonly onSettled: (settled: Settled) => void;
}

/** A hint may come before the round that it rings for can see the change. */
export const earlyMs = 200;

/** After so many graces nobody waits any more. */
const gracesUntilLost = 10;

/** Names that are held at most, of both kinds: beyond, changes are left uncounted rather than counted wrongly. */
const maxNames = 10_000;

const maxDelays = 256;

export class LossMeter {
  readonly #options: LossMeterOptions;
  readonly #counts: Record<HintOutcome, number> = { 'in time': 0, late: 0, never: 0, away: 0 };
  /** Found and not announced yet, with the time at which each was made. */
  readonly #waiting = new Map<string, number>();
  /** Announced and not found yet, the oldest first, with the time at which each was heard. */
  readonly #heard = new Map<string, number>();
  readonly #delays: number[] = [];
  #delayCount = 0;
  #nameless = Number.NEGATIVE_INFINITY;
  /** Names heard before were dropped: of changes of that time nothing is known. */
  #forgottenMs = Number.NEGATIVE_INFINITY;
  #startedMs = Number.POSITIVE_INFINITY;
  #listeningSinceMs = Number.POSITIVE_INFINITY;

  constructor(options: LossMeterOptions) {
    this.#options = options;
  }

  /** Changes made before are not this source's to announce. */
  start(nowMs: number): void {
    this.#startedMs = Math.min(this.#startedMs, nowMs);
  }

  listen(nowMs: number): void {
    this.#listeningSinceMs = nowMs;
  }

  /** The channel is given up: what it did not announce it never will. */
  fail(): void {
    this.#listeningSinceMs = Number.POSITIVE_INFINITY;
    for (const name of this.#waiting.keys()) this.#settle(name, { outcome: 'never', delayMs: null });
  }

  /**
   * @param change null: a hint that does not say of what
   * @returns whether a round has found and published that change already
   */
  hear(change: ChangeName | null, nowMs: number): boolean {
    this.settleOverdue(nowMs);
    if (change === null) {
      this.#nameless = nowMs;
      for (const [name, madeMs] of this.#waiting) this.#announce(name, nowMs - madeMs);
      return false;
    }
    const name = nameOf(change);
    const madeMs = this.#waiting.get(name);
    if (madeMs !== undefined) this.#announce(name, nowMs - madeMs);
    else if (!this.#heard.has(name)) this.#remember(name, nowMs);
    return madeMs !== undefined;
  }

  /** What a round found. @returns when the first of them was made that still waits; undefined: none does */
  find(changes: readonly FoundChange[], nowMs: number): number | undefined {
    this.settleOverdue(nowMs);
    for (const change of changes) if (change.madeMs >= this.#startedMs) this.#judge(change);
    this.settleOverdue(nowMs);
    const waitingMs = changes
      .map((change) => this.#waiting.get(nameOf(change)))
      .filter((ms) => ms !== undefined);
    return waitingMs.length === 0 ? undefined : Math.min(...waitingMs);
  }

  #judge(change: FoundChange): void {
    const name = nameOf(change);
    const { madeMs } = change;
    const heardMs = this.#heard.get(name);
    if (heardMs !== undefined) {
      this.#heard.delete(name);
      this.#announce(name, heardMs - madeMs);
    } else if (this.#nameless >= madeMs - earlyMs) {
      this.#announce(name, this.#nameless - madeMs);
    } else if (madeMs < this.#listeningSinceMs) {
      this.#settle(name, { outcome: 'away', delayMs: null });
    } else if (madeMs > this.#forgottenMs && this.#waiting.size < maxNames) {
      this.#waiting.set(name, madeMs);
    }
  }

  /** Gives up waiting for what is overdue. Called whenever something happens or somebody asks: there is no timer. */
  settleOverdue(nowMs: number): void {
    const lostBeforeMs = nowMs - gracesUntilLost * this.#options.graceMs;
    for (const [name, madeMs] of this.#waiting) {
      if (madeMs < lostBeforeMs) this.#settle(name, { outcome: 'never', delayMs: null });
    }
  }

  #announce(name: string, delayMs: number): void {
    const delay = Math.max(0, delayMs);
    this.#delays[this.#delayCount % maxDelays] = delay;
    this.#delayCount += 1;
    this.#settle(name, { outcome: delay <= this.#options.graceMs ? 'in time' : 'late', delayMs: delay });
  }

  #settle(name: string, settled: Settled): void {
    this.#waiting.delete(name);
    this.#counts[settled.outcome] += 1;
    this.#options.onSettled(settled);
  }

  #remember(name: string, nowMs: number): void {
    this.#heard.set(name, nowMs);
    if (this.#heard.size <= maxNames) return;
    const [oldest] = this.#heard;
    if (oldest === undefined) return;
    this.#heard.delete(oldest[0]);
    this.#forgottenMs = oldest[1];
  }

  counts(nowMs: number): LossCounts {
    this.settleOverdue(nowMs);
    const { 'in time': inTime, late, never, away } = this.#counts;
    return { inTime, late, never, away, medianDelayMs: this.#medianDelay() };
  }

  #medianDelay(): number | null {
    return this.#delays.toSorted((a, b) => a - b)[Math.floor(this.#delays.length / 2)] ?? null;
  }
}

/** Transactions are numbers, so that no two pairs give the same text. */
function nameOf({ xid, table }: ChangeName): string {
  return `${xid} ${table}`;
}
