// Wishes of instances: a table is read under a prefix that rounds do not unlink yet, so the watch has to learn it. Owns
// what was asked for already; adds each prefix once, and only one that a region of this deployment can have.
import { type Clock, isRegionPrefix, type Journal, type Logger, type Watch } from '@tidemark/protocol';

export interface PrefixWishesOptions {
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A prefix was added: a round tells it to the instances. */
  readonly onAdded: () => void;
}

/**
 * Every instance repeats its wishes every few seconds, also one that has no place left. No longer, for a database that did
 * not answer may be back (R6).
 */
const pauseMs = 5_000;

/** Beyond it nothing is asked before the next watch: whoever may publish in Redis may invent prefixes. */
const maxAsked = 1_000;

export class PrefixWishes {
  readonly #options: PrefixWishesOptions;
  /** What was asked for, and not seen in a watch since; until when it is not asked for again. */
  readonly #asked = new Map<string, number>();

  constructor(options: PrefixWishesOptions) {
    this.#options = options;
  }

  /** A watch was read: what it still lacks may be asked for again. */
  forget(): void {
    this.#asked.clear();
  }

  /**
   * Whoever may publish in Redis may ask, so that only what regions of this deployment can have is taken: rounds unlink
   * whatever a prefix and the key of a row spell. What a stranger can do is fill the 32 places of a table, at a reset for
   * each.
   */
  ask(table: string, prefix: string, watches: Iterable<readonly [Journal, Watch]>): void {
    const { keyPrefix, clock, logger, onAdded } = this.#options;
    if (!isRegionPrefix(keyPrefix, prefix)) return;
    const [journal, watch] = [...watches].find(([, watch]) => watch.has(table)) ?? [];
    if (journal === undefined || watch?.get(table)?.prefixes.includes(prefix) === true) return;
    const wish = `${table} ${prefix}`;
    const notBeforeMs = this.#asked.get(wish);
    if (notBeforeMs === undefined ? this.#asked.size >= maxAsked : clock.monotonicMs() < notBeforeMs) return;
    this.#asked.set(wish, Number.POSITIVE_INFINITY);
    journal.addPrefix(table, prefix).then(onAdded, (error: unknown) => {
      this.#asked.set(wish, clock.monotonicMs() + pauseMs);
      if (notBeforeMs !== undefined) return;
      logger.warn({ table, prefix, reason: String(error) }, 'a prefix could not be added to the watch');
    });
  }
}
