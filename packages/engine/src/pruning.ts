// Pruning of the journal, now and then, by the process that runs the rounds. A call removes a bounded number of rows; the
// next one follows at once while there are more, so that no writer is faster than it. Never in the way of a round.
import { type Clock, type Journal, type Logger, pruneLimit } from '@tidemark/protocol';

export interface PruningOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly everyMs: number;
  /** Whether rounds are run here; who stands by leaves the pruning to the other process, too. */
  readonly isWorking: () => boolean;
}

/** A million rows in one go: more than a bulk load leaves in a period, and an end in any case. */
const maxCalls = 20;

export class Pruning {
  readonly #options: PruningOptions;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PruningOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, everyMs, isWorking } = this.#options;
    this.#cancel = clock.schedule(everyMs, () => {
      if (isWorking()) void this.#prune();
      this.start();
    });
  }

  async #prune(): Promise<void> {
    const { journal, logger } = this.#options;
    try {
      for (let call = 0; call < maxCalls && !this.#isClosed; call += 1) {
        const removed = await journal.prune();
        logger.debug({ removed }, 'journal pruned');
        if (removed < pruneLimit) return;
      }
    } catch (error) {
      // Closing ends the call that is under way.
      if (!this.#isClosed) logger.warn({ reason: String(error) }, 'the journal could not be pruned');
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }
}
