// L1: the entries of one region in this process. An overtaken entry is not served any more, but stays until it is
// replaced or evicted: a caller who prefers old to nothing may ask for it while the source is down.
import { LRUCache } from 'lru-cache';
import type { Instant } from '../clocks.ts';

export interface Entry<V> {
  readonly value: V | null;
  /** The value was the committed one at this moment or later; without a lease it is served for the bound from here. */
  readonly asOf: Instant;
  /** Monotonic time at which the TTL ends. */
  readonly expiresAtMs: number;
  /** Monotonic time from which on a hit has the next value loaded beside it. */
  refreshAtMs: number;
}

interface Slot<V> extends Entry<V> {
  isOvertaken: boolean;
  readonly epoch: number;
}

export class L1<V> {
  readonly #slots: LRUCache<string, Slot<V>>;
  /** Grows when everything is overtaken at once: slots of older epochs are dead, whatever their number. */
  #epoch = 0;

  constructor(maxEntries: number) {
    this.#slots = new LRUCache({ max: maxEntries });
  }

  get size(): number {
    return this.#slots.size;
  }

  /** @returns the entry, unless something has overtaken it */
  get(key: string): Entry<V> | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined || slot.isOvertaken || slot.epoch !== this.#epoch ? undefined : slot;
  }

  /** @returns the last entry that was known, overtaken or not */
  getLast(key: string): Entry<V> | undefined {
    return this.#slots.peek(key);
  }

  set(key: string, entry: Entry<V>): void {
    this.#slots.set(key, { ...entry, isOvertaken: false, epoch: this.#epoch });
  }

  overtake(key: string): void {
    const slot = this.#slots.peek(key);
    if (slot !== undefined) slot.isOvertaken = true;
  }

  overtakeAll(): void {
    this.#epoch += 1;
  }
}
