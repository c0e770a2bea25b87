// The oracle of a fault run: which version of each key was committed when, and what every read answered. Versions of a
// key grow by one with each commit, so that one number tells how old an answer is.

export interface Verdict {
  reads: number;
  /** Reads that began after a newer version had been acknowledged. */
  stale: number;
  /** Stale reads for which the newer version was older than the bound: each one breaks R1. */
  beyondBound: number;
  worstMs: number;
}

export class History {
  readonly #boundMs: number;
  /** Per key: when version 0, 1, 2, … was acknowledged. */
  readonly #acknowledgedMs = new Map<string, number[]>();
  #verdict: Verdict = { reads: 0, stale: 0, beyondBound: 0, worstMs: 0 };

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  get keys(): readonly string[] {
    return [...this.#acknowledgedMs.keys()];
  }

  latest(key: string): number {
    return (this.#acknowledgedMs.get(key)?.length ?? 0) - 1;
  }

  /** The next version of the key is committed, and its writer knows it since `nowMs`. */
  committed(key: string, nowMs: number): void {
    const times = this.#acknowledgedMs.get(key) ?? [];
    this.#acknowledgedMs.set(key, times);
    times.push(nowMs);
  }

  /** A read that began at `startedMs` answered with `version`. */
  answered(key: string, version: number, startedMs: number): void {
    this.#verdict.reads += 1;
    const overtakenMs = this.#acknowledgedMs.get(key)?.[version + 1];
    if (overtakenMs === undefined || overtakenMs >= startedMs) return;
    const lateMs = startedMs - overtakenMs;
    this.#verdict.stale += 1;
    this.#verdict.worstMs = Math.max(this.#verdict.worstMs, lateMs);
    if (lateMs > this.#boundMs) this.#verdict.beyondBound += 1;
  }

  /** @returns what was seen since the last verdict */
  takeVerdict(): Verdict {
    const verdict = this.#verdict;
    this.#verdict = { reads: 0, stale: 0, beyondBound: 0, worstMs: 0 };
    return verdict;
  }
}
