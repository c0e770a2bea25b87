// "Now" on both clocks of this process. A promise in time is kept only while both agree that it is not over: the
// monotonic clock stands still in a suspended machine, the wall clock can be set back.
import type { Clock } from '@tidemark/protocol';

export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export class Clocks {
  readonly #clock: Clock;
  #wallMs = 0;
  #isWallKnown = false;
  readonly #forgetWall = (): void => {
    this.#isWallKnown = false;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Read on every hit: a process can be stopped between any two of them. */
  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Read once per synchronous run: a suspended machine does not wake up in the middle of one often enough to pay for. */
  wallMs(): number {
    if (!this.#isWallKnown) {
      this.#wallMs = this.#clock.wallMs();
      this.#isWallKnown = true;
      queueMicrotask(this.#forgetWall);
    }
    return this.#wallMs;
  }

  /** For what starts a promise: both clocks are really read. */
  instant(): Instant {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }

  /** Whether less than `boundMs` has passed since `start`, on both clocks. `nowMs` is the monotonic time. */
  isWithin(start: Instant, boundMs: number, nowMs: number): boolean {
    return nowMs < start.monotonicMs + boundMs && this.wallMs() < start.wallMs + boundMs;
  }
}
