// A clock that stands still until it is told to move. Tasks run in the order of their times, and between two of them
// promises do what they have to.
import type { Clock } from '../ports/clock.ts';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  readonly #tasks = new Set<Task>();
  #monotonicMs = 1_000;
  #wallMs = 1_700_000_000_000;

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const task: Task = { atMs: this.#monotonicMs + delayMs, run };
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }

  /** Timers that are set now. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Time passes on both clocks. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#tasks.delete(next);
      this.#move(Math.max(this.#monotonicMs, next.atMs) - this.#monotonicMs);
      next.run();
      await settle();
    }
    this.#move(endMs - this.#monotonicMs);
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  #nextUntil(endMs: number): Task | undefined {
    const due = [...this.#tasks].filter((task) => task.atMs <= endMs);
    return due.sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Lets all promises that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
