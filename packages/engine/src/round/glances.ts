// Glances: a bell is answered by reading what changed and publishing it, without begin and without a look at the watch.
// That takes a fraction of a round, and proves nothing: it moves the position, never `done`, so that no tidemark rests on
// it. The next round reads the watch, and proves or revokes what was told meanwhile. Owns when a glance is possible, and
// how closely two may follow each other.
import { type Clock, type Journal, type RoundOutcome, type RoundTarget, sleep } from '@tidemark/protocol';
import { type FinishedRound, RoundSteps } from './round-steps.ts';

/**
 * From the start of one that told something to the next. Bells by the hundred a second become records of a few changes
 * each: a fill is refused that 64 records have passed, and the log keeps 10,000.
 */
const spacingMs = 2;

export interface GlancesOptions {
  readonly target: RoundTarget;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly roundEveryMs: number;
  readonly closing: AbortSignal;
  readonly onGlance: ((glance: FinishedRound) => void) | undefined;
}

export class Glances {
  readonly #options: GlancesOptions;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: GlancesOptions) {
    this.#options = options;
  }

  /** @returns undefined when only a round will do, which then also tells why */
  async glance(): Promise<RoundOutcome | undefined> {
    const { target, journal, clock, closing, roundEveryMs } = this.#options;
    const since = target.glanceFrom?.() ?? null;
    if (since === null || journal.glance === undefined || target.publishGlance === undefined)
      return undefined;
    const waitMs = this.#toldMs + spacingMs - clock.monotonicMs();
    if (waitMs > 0) await sleep(clock, waitMs, closing);
    const startedMs = clock.monotonicMs();
    const steps = new RoundSteps(clock);
    try {
      // No longer than a period: a round must not wait for a glance.
      const request = { since, timeoutMs: roundEveryMs };
      const found = await steps.time('read', async () => journal.glance?.(request));
      if (found === null || found === undefined) return undefined;
      const outcome = await steps.time('publish', async () => target.publishGlance?.(found));
      if (outcome === null || outcome === undefined) return undefined;
      if (!outcome.isPublished) return outcome;
      this.#toldMs = startedMs;
      this.#options.onGlance?.({ isGlance: true, startedMs, steps: steps.done, read: found, outcome });
      return outcome;
    } catch {
      // Told by the round that follows: it meets the same trouble, or there is none any more.
      return undefined;
    }
  }
}
