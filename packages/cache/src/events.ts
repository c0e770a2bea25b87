// What happens inside a region, for whoever subscribes to the diagnostics channels, and at level debug in the log. Free
// while nobody does either. Names keys, never values.
import { channel } from 'node:diagnostics_channel';
import type { Logger } from '@tidemark/protocol';
import type { OvertakeCause } from './invalidate/namespace.ts';

/** Channel `tidemark:overtaken`: entries of a region were dropped. */
export interface OvertakenEvent {
  readonly region: string;
  /** Encoded keys; null: all of the region's. */
  readonly keys: readonly string[] | null;
  readonly cause: OvertakeCause;
}

/** Channel `tidemark:stored`: an entry came into L1. */
export interface StoredEvent {
  readonly region: string;
  readonly key: string;
  readonly from: 'l2' | 'source';
}

const overtaken = channel('tidemark:overtaken');
const stored = channel('tidemark:stored');

export class RegionEvents {
  readonly #region: string;
  readonly #logger: Logger;
  /** Whether the log is at level debug. As it was when the region was made: a hit has no time to ask. */
  readonly isTraced: boolean;
  readonly #overtaken: Record<OvertakeCause, number> = { record: 0, hint: 0, write: 0, reset: 0 };

  constructor(region: string, logger: Logger) {
    this.#region = region;
    this.#logger = logger;
    this.isTraced = logger.isLevelEnabled?.('debug') ?? true;
  }

  /** How often entries were dropped, by cause. */
  get counts(): Readonly<Record<OvertakeCause, number>> {
    return { ...this.#overtaken };
  }

  /** To be told only if {@link isTraced}. */
  hit(key: string): void {
    this.#logger.debug({ region: this.#region, key }, 'hit');
  }

  /** To be told only if {@link isTraced}. */
  missed(keys: readonly string[]): void {
    this.#logger.debug({ region: this.#region, keys }, 'miss');
  }

  stored(key: string, from: StoredEvent['from']): void {
    const region = this.#region;
    if (stored.hasSubscribers) stored.publish({ region, key, from } satisfies StoredEvent);
    if (this.isTraced) this.#logger.debug({ region, key, from }, 'fill');
  }

  overtaken(keys: readonly string[] | null, cause: OvertakeCause): void {
    const region = this.#region;
    this.#overtaken[cause] += 1;
    if (overtaken.hasSubscribers) overtaken.publish({ region, keys, cause } satisfies OvertakenEvent);
    if (this.isTraced) this.#logger.debug({ region, keys, cause }, 'invalidation');
  }
}
