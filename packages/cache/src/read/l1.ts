// L1: the entries of one region in this process. An overtaken entry is not served any more, but stays until it is
// replaced or evicted: a caller who prefers old to nothing may ask for it while the source is down.
import { encodeKey, type Key } from '@tidemark/protocol';
import { LRUCache } from 'lru-cache';
import type { Instant } from '../clocks.ts';

export interface Entry<V> {
  readonly value: V | null;
  /** The value was the committed one at this moment or later; without a lease it is served for the bound from here. */
  readonly asOf: Instant;
  /** Monotonic time at which the TTL ends. A whole number, as the next one: others lie beside the entry, not in it. */
  readonly expiresAtMs: number;
  /** Monotonic time from which on a hit has the next value loaded beside it; not before the end: never. */
  refreshAtMs: number;
}

interface Slot<V> extends Entry<V> {
  /** The one it was set in; of an overtaken entry no epoch at all. */
  epoch: number;
  /** Encoding leaves the key as it is: who asks by this very text means this entry. */
  readonly isPlain: boolean;
}

/** None is reached by counting up from zero. */
const noEpoch = -1;

/** Options of a look-up, one for all, so that none of them makes its own: lru-cache writes into it, and nothing is kept. */
class NoStatus {
  get status(): undefined {
    return undefined;
  }

  set status(_: unknown) {}
}

const noStatus = new NoStatus() as object;

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

  /**
   * By the key as a reader spells it. Almost every key is a text that encoding leaves alone: to find its entry and see that
   * costs less than to encode it.
   *
   * @returns the entry, unless something has overtaken it
   */
  find(key: Key): Entry<V> | undefined {
    const slot = typeof key === 'string' ? this.#slots.get(key, noStatus) : undefined;
    if (slot === undefined || !slot.isPlain) return this.#findEncoded(key);
    return slot.epoch === this.#epoch ? slot : undefined;
  }

  /** A text may read like the encoded form of another key, whose entry is not to be had by it (R4). */
  #findEncoded(key: Key): Entry<V> | undefined {
    const slot = this.#slots.get(encodeKey(key), noStatus);
    return slot?.epoch === this.#epoch ? slot : undefined;
  }

  /** @returns the last entry that was known, overtaken or not */
  getLast(key: string): Entry<V> | undefined {
    return this.#slots.peek(key);
  }

  set(key: string, { value, asOf, expiresAtMs, refreshAtMs }: Entry<V>): void {
    const isPlain = encodeKey(key) === key;
    const epoch = this.#epoch;
    this.#slots.set(key, { value, asOf, expiresAtMs, refreshAtMs, epoch, isPlain });
  }

  overtake(key: string): void {
    const slot = this.#slots.peek(key);
    if (slot !== undefined) slot.epoch = noEpoch;
  }

  overtakeAll(): void {
    this.#epoch += 1;
  }
}
