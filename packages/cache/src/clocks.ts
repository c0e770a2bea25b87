// "Now" on both clocks of this process. A promise in time is kept only while both agree that it is not over: the
// monotonic clock stands still in a suspended machine, the wall clock can be set back.
import type { Clock } from '@tidemark/protocol';

export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Of the wall clock, before it counts as known until the end of the turn. */
const readsPerTurn = 8;

/** And no longer than this. A turn has no end of its own: it goes on while promises do. */
const wallKnownMs = 1;

export class Clocks {
  readonly #clock: Clock;
  #wallMs = 0;
  /** Readings in this turn of the event loop. */
  #wallReads = 0;
  /** Monotonic time until which the last reading is used once more. */
  #wallKnownUntilMs = 0;
  readonly #endTurn = (): void => {
    this.#wallReads = 0;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Read on every hit: a process can be stopped between any two of them. */
  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /**
   * Read in every turn of the event loop, and again in a turn that lasts: whoever asks after the machine has slept asks in
   * a later turn, because nothing reaches the process within one. To learn where a turn ends costs more than a reading,
   * so that this is not asked for before a few readings were made.
   */
  wallMs(nowMs: number): number {
    if (this.#wallReads < readsPerTurn || nowMs >= this.#wallKnownUntilMs) this.#readWall();
    return this.#wallMs;
  }

  /** Takes and returns no time: V8 would put it into a box of its own, at every hit, also at those that don't come here. */
  #readWall(): void {
    this.#wallKnownUntilMs = this.#clock.monotonicMs() + wallKnownMs;
    this.#wallMs = this.#clock.wallMs();
    this.#wallReads += 1;
    // After the promises of the turn, and before anything else.
    if (this.#wallReads === readsPerTurn) process.nextTick(this.#endTurn);
  }

  /** For what starts a promise: both clocks are really read. */
  instant(): Instant {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }

  /** Whether less than `boundMs` has passed since `start`, on both clocks. `nowMs` is the monotonic time. */
  isWithin(start: Instant, boundMs: number, nowMs: number): boolean {
    return nowMs < start.monotonicMs + boundMs && this.wallMs(nowMs) < start.wallMs + boundMs;
  }
}
