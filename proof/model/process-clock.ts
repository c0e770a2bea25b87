// The two clocks and the timers of one modelled process. Time moves only when the world moves it; a timer that is due
// waits until the adversary lets it run, so that every process can be as slow as it likes.
import type { Clock } from '@tidemark/protocol';

/** The one true time, known to the world and to the oracle only. */
export interface WorldTime {
  nowMs: number;
}

interface Timer {
  readonly atMs: number;
  readonly task: () => void;
}

export class ProcessClock implements Clock {
  readonly #time: WorldTime;
  readonly #timers = new Set<Timer>();
  /** How long the monotonic clock has stood still so far. */
  #sleptMs = 0;
  #wallOffsetMs = 0;
  #suspendedAtMs: number | undefined;

  constructor(time: WorldTime) {
    this.#time = time;
  }

  monotonicMs(): number {
    return (this.#suspendedAtMs ?? this.#time.nowMs) - this.#sleptMs;
  }

  wallMs(): number {
    return this.#time.nowMs + this.#wallOffsetMs;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const timer: Timer = { atMs: this.monotonicMs() + delayMs, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get isSuspended(): boolean {
    return this.#suspendedAtMs !== undefined;
  }

  /** The machine sleeps: from here to `wakeUp` the monotonic clock stands still. */
  suspend(): void {
    this.#suspendedAtMs ??= this.#time.nowMs;
  }

  wakeUp(): void {
    if (this.#suspendedAtMs === undefined) return;
    this.#sleptMs += this.#time.nowMs - this.#suspendedAtMs;
    this.#suspendedAtMs = undefined;
  }

  setWallBack(ms: number): void {
    this.#wallOffsetMs -= ms;
  }

  /** @returns how long until the next timer is due; 0 or less when one is, undefined without any */
  get untilNextMs(): number | undefined {
    const next = this.#next();
    return next && next.atMs - this.monotonicMs();
  }

  /** Runs the timer that has been due for longest. @returns false when none is */
  fire(): boolean {
    const next = this.#next();
    if (next === undefined || next.atMs > this.monotonicMs()) return false;
    this.#timers.delete(next);
    next.task();
    return true;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    return next;
  }
}
