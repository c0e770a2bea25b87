// How the real server limits the events of a tenant: it counts what it delivers, looks at the average over a window a few
// times per window, and while that is above the limit it drops everything. Pure but for its own counters: time is passed
// in. Nothing is queued, nobody is told; recorded in 07-bulk-10000-one-transaction (10,000 delivered, then 59 s of
// silence that began 4 s after the bulk: the average is taken every 5 s of the 60).
import type { RateLimitVice } from './vices.ts';

const looksPerWindow = 12;

export class RateLimit {
  /** Deliveries per look, the newest last. */
  #counts: number[] = [];
  #current = 0;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #isDropping = false;

  /** Asked once per delivery; true: it is allowed, and counted. */
  isAllowed(vice: RateLimitVice, nowMs: number): boolean {
    if (!vice.isOn) {
      this.reset();
      return true;
    }
    this.#look(vice, nowMs);
    if (this.#isDropping) return false;
    this.#current += 1;
    return true;
  }

  reset(): void {
    this.#counts = [];
    this.#current = 0;
    this.#lastLookMs = Number.NEGATIVE_INFINITY;
    this.#isDropping = false;
  }

  #look({ eventsPerSecond, windowMs }: RateLimitVice, nowMs: number): void {
    const lookMs = windowMs / looksPerWindow;
    if (this.#lastLookMs === Number.NEGATIVE_INFINITY) this.#lastLookMs = nowMs;
    const looks = Math.floor((nowMs - this.#lastLookMs) / lookMs);
    if (looks < 1) return;
    this.#lastLookMs += looks * lookMs;
    // After a quiet window every old count has left it anyway.
    const passed = Math.min(looks, looksPerWindow + 1);
    for (let look = 0; look < passed; look += 1) {
      this.#counts.push(look === 0 ? this.#current : 0);
    }
    this.#current = 0;
    this.#counts = this.#counts.slice(-looksPerWindow);
    const delivered = this.#counts.reduce((sum, count) => sum + count, 0);
    this.#isDropping = delivered > eventsPerSecond * (windowMs / 1_000);
  }
}
