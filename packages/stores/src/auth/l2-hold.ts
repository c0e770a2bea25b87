// Users whose validation this instance has just changed: it reads them past L2 until every value of before has run out
// there. Removing the value is not enough, because Redis may be down, or come back with what was removed (R3).
import type { Clock } from '@tidemark/protocol';

/** Beyond this many the hold is on everybody: sharing less is better than remembering more. */
const maxHeld = 10_000;

export class L2Hold {
  readonly #clock: Clock;
  readonly #holdMs: number;
  /** In order of their ends, as each is held for the same time and moves to the back when it is held again. */
  readonly #untilMs = new Map<string, number>();
  #allUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, holdMs: number) {
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  hold(userId: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#forgetEnded(nowMs);
    this.#untilMs.delete(userId);
    this.#untilMs.set(userId, nowMs + this.#holdMs);
    if (this.#untilMs.size <= maxHeld) return;
    this.#untilMs.clear();
    this.#allUntilMs = nowMs + this.#holdMs;
  }

  isHeld(userId: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    return nowMs < Math.max(this.#allUntilMs, this.#untilMs.get(userId) ?? this.#allUntilMs);
  }

  #forgetEnded(nowMs: number): void {
    for (const [userId, untilMs] of this.#untilMs) {
      if (nowMs < untilMs) return;
      this.#untilMs.delete(userId);
    }
  }
}
