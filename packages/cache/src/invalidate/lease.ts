// A region's lease: the right to serve entries beyond the bound from their own load, because the rounds prove that
// nothing has overtaken them (R1). It needs two things: rounds that see all its tables, and a recent tidemark.
import type { Watch } from '@tidemark/protocol';
import type { Instant } from '../clocks.ts';
import { never, type Tidemark } from './tidemark.ts';

export interface LeaseNeeds {
  readonly prefix: string;
  readonly tables: readonly string[];
}

export interface LeaseWatch {
  readonly tables: Watch;
  readonly roundEveryMs: number;
}

/** A head is read so many times within the bound. */
export const headReadsPerBound = 8;

export class Lease {
  /** `maxStaleness`, the B of R1. */
  readonly boundMs: number;
  readonly #tidemark: Tidemark;
  /** Without Redis there are no L2 values, so that the watch needs not hold the prefix. */
  readonly #needsPrefix: boolean;
  #problem: string | null = 'the watch is not known yet';
  #isBestEffort = false;

  constructor(boundMs: number, tidemark: Tidemark, needsPrefix: boolean) {
    this.boundMs = boundMs;
    this.#tidemark = tidemark;
    this.#needsPrefix = needsPrefix;
  }

  /** Why the region can have no lease; null when it can. */
  get problem(): string | null {
    return this.#problem;
  }

  /** True when one of the tables is fed by Realtime alone: a lost event is never noticed, and R1 is not claimed. */
  get isBestEffort(): boolean {
    return this.#isBestEffort;
  }

  /** Entries are served under the bound from this moment; without a lease to be had it is long over. */
  get provedAt(): Instant {
    return this.#problem === null ? this.#tidemark.at : never;
  }

  isLive(): boolean {
    return this.#problem === null && this.#tidemark.isWithin(this.boundMs);
  }

  /** Decides from the watch whether the rounds see everything that this region reads. */
  judge(needs: LeaseNeeds, watch: LeaseWatch | undefined): void {
    this.#problem = this.#findProblem(needs, watch);
    this.#isBestEffort = needs.tables.some((table) => watch?.tables.get(table)?.isBestEffort === true);
  }

  #findProblem({ prefix, tables }: LeaseNeeds, watch: LeaseWatch | undefined): string | null {
    if (tables.length === 0) return 'the region names no table';
    if (watch === undefined) return 'the watch is not known yet';
    for (const table of tables) {
      const watched = watch.tables.get(table);
      if (watched === undefined) {
        return `the journal does not follow the table ${table} in this namespace: run select tidemark.track('${table.replaceAll("'", "''")}', '<key>')`;
      }
      if (watched.problem !== null) return watched.problem;
      if (this.#needsPrefix && !watched.prefixes.includes(prefix)) {
        return `the watch of ${table} does not hold the prefix ${prefix} yet`;
      }
    }
    // A round, and a head read before and after it, must fit into half the bound, or the mark would be late for ever.
    const mostMs = this.boundMs / 2 - (2 * this.boundMs) / headReadsPerBound;
    if (watch.roundEveryMs <= mostMs) return null;
    return `maxStaleness of ${this.boundMs} ms needs rounds every ${mostMs} ms, they come every ${watch.roundEveryMs} ms: raise maxStaleness or lower roundEvery`;
  }
}
