// Wishes of instances: a table is read under a prefix that rounds do not unlink yet, so the watch has to learn it. Owns
// what was asked for already; adds each prefix once, and only one that a region of this deployment can have.
import { isRegionPrefix, type Journal, type Logger, type Watch } from '@tidemark/protocol';

export interface PrefixWishesOptions {
  readonly keyPrefix: string;
  readonly logger: Logger;
  /** A prefix was added: a round tells it to the instances. */
  readonly onAdded: () => void;
}

export class PrefixWishes {
  readonly #options: PrefixWishesOptions;
  /** What was asked for, and not seen in a watch since. */
  readonly #asked = new Set<string>();

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
    const { keyPrefix, logger, onAdded } = this.#options;
    if (!isRegionPrefix(keyPrefix, prefix)) return;
    const wish = `${table} ${prefix}`;
    const [journal, watch] = [...watches].find(([, watch]) => watch.has(table)) ?? [];
    if (journal === undefined || this.#asked.has(wish)) return;
    if (watch?.get(table)?.prefixes.includes(prefix) === true) return;
    this.#asked.add(wish);
    journal.addPrefix(table, prefix).then(onAdded, (error: unknown) => {
      this.#asked.delete(wish);
      logger.warn({ table, prefix, reason: String(error) }, 'a prefix could not be added to the watch');
    });
  }
}
