// The tidemark of a namespace: the moment up to which this process has applied every committed change (R1).
import type { Clocks, Instant } from '../clocks.ts';

/** Long before any clock of this process. */
export const never: Instant = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };

export class Tidemark {
  readonly #clocks: Clocks;
  #at: Instant = never;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  get at(): Instant {
    return this.#at;
  }

  /** A proof may arrive after a later one: the mark never goes back. */
  advance(at: Instant): void {
    if (at.monotonicMs > this.#at.monotonicMs) this.#at = at;
  }

  drop(): void {
    this.#at = never;
  }

  /** Whether entries that are fresh at this mark may be served under the bound. */
  isWithin(boundMs: number): boolean {
    return this.#clocks.isWithin(this.#at, boundMs);
  }

  /** @returns undefined when there is no mark */
  ageMs(): number | undefined {
    if (this.#at === never) return undefined;
    return this.#clocks.monotonicMs() - this.#at.monotonicMs;
  }
}
