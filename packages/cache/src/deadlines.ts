// Deadlines of one length. They end in the order in which they began, so that one timer serves all of them: a timer for
// each would cost a read from Redis as much as all that proves its answer.
import type { Clock } from '@tidemark/protocol';

export interface Deadline {
  readonly endsAtMs: number;
  /** Called when it is over, unless it was ended before. */
  readonly onLate: () => void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  /** In the order in which they began. */
  readonly #running = new Set<Deadline>();
  /** Of the one timer; it stays when nothing runs any more, for what begins next. */
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  begin(onLate: () => void): Deadline {
    const deadline = { endsAtMs: this.#clock.monotonicMs() + this.#lengthMs, onLate };
    this.#running.add(deadline);
    if (this.#cancel === undefined) this.#plan(this.#lengthMs);
    return deadline;
  }

  end(deadline: Deadline): void {
    this.#running.delete(deadline);
    if (this.#isClosed) this.#rest();
  }

  /** What still runs keeps its deadline; after it, no timer is left. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #rest(): void {
    if (this.#running.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #plan(delayMs: number): void {
    this.#cancel = this.#clock.schedule(delayMs, () => this.#endLate());
  }

  /** The timer counts as running until the end: what begins meanwhile is behind the others, and needs none of its own. */
  #endLate(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const deadline of this.#running) {
      if (deadline.endsAtMs > nowMs) break;
      this.#running.delete(deadline);
      deadline.onLate();
    }
    this.#cancel = undefined;
    const [next] = this.#running;
    if (next !== undefined) this.#plan(next.endsAtMs - nowMs);
  }
}
