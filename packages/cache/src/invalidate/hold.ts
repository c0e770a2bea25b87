// Keys that this process has just written: their L2 value may be older than the write until a round has proved it, so
// they are read from the source (R3).
import type { Instant } from '../clocks.ts';
import type { Tidemark } from './tidemark.ts';

/** Beyond this many the whole region bypasses L2 for a moment: slower, never older. */
const maxHeld = 10_000;

export class Hold {
  readonly #tidemark: Tidemark;
  readonly #heldSinceMs = new Map<string, number>();
  #allHeldSinceMs = Number.NEGATIVE_INFINITY;

  constructor(tidemark: Tidemark) {
    this.#tidemark = tidemark;
  }

  hold(key: string, now: Instant): void {
    if (this.#heldSinceMs.size >= maxHeld) this.#release();
    if (this.#heldSinceMs.size >= maxHeld) this.holdAll(now);
    else this.#heldSinceMs.set(key, now.monotonicMs);
  }

  holdAll(now: Instant): void {
    this.#allHeldSinceMs = now.monotonicMs;
    this.#heldSinceMs.clear();
  }

  /** A tidemark at or after the write: its record, and all before it, have been applied here. */
  isHeld(key: string): boolean {
    const provedMs = this.#tidemark.at.monotonicMs;
    if (this.#allHeldSinceMs > provedMs) return true;
    const sinceMs = this.#heldSinceMs.get(key);
    if (sinceMs === undefined) return false;
    if (sinceMs > provedMs) return true;
    this.#heldSinceMs.delete(key);
    return false;
  }

  #release(): void {
    const provedMs = this.#tidemark.at.monotonicMs;
    for (const [key, sinceMs] of this.#heldSinceMs) if (sinceMs <= provedMs) this.#heldSinceMs.delete(key);
  }
}
