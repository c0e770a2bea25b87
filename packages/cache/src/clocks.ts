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
  // Times of a hit are kept here and handed to nobody: V8 puts a number that a call takes or returns into a box of its
  // own, unless it has the call inlined, which it decides anew in each process.
  /** Monotonic time of the last question. */
  #nowMs = 0;
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

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** For what starts a promise: both clocks are really read. */
  instant(): Instant {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }

  /** Whether less than `boundMs` has passed since `start`, on both clocks. */
  isWithin(start: Instant, boundMs: number): boolean {
    this.#nowMs = this.#clock.monotonicMs();
    return this.wasWithin(start, boundMs);
  }

  /** The same at the moment of the last {@link isWithin}, for who asks twice in one go. */
  wasWithin(start: Instant, boundMs: number): boolean {
    if (this.#nowMs >= start.monotonicMs + boundMs) return false;
    this.#lookAtWall();
    return this.#wallMs < start.wallMs + boundMs;
  }

  /** Whether a monotonic time had come then. */
  wasReached(atMs: number): boolean {
    return this.#nowMs >= atMs;
  }

  /**
   * Reads the wall clock in every turn of the event loop, and again in a turn that lasts: whoever asks after the machine has
   * slept asks in a later turn, because nothing reaches the process within one. To learn where a turn ends costs more
   * than a reading, so that this is not asked for before a few readings were made.
   */
  #lookAtWall(): void {
    if (this.#wallReads >= readsPerTurn && this.#nowMs < this.#wallKnownUntilMs) return;
    this.#wallKnownUntilMs = this.#clock.monotonicMs() + wallKnownMs;
    this.#wallMs = this.#clock.wallMs();
    this.#wallReads += 1;
    // After the promises of the turn, and before anything else.
    if (this.#wallReads === readsPerTurn) process.nextTick(this.#endTurn);
  }
}
