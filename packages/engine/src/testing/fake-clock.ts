// A clock that stands still until it is told to move. Tasks run in the order of their times, and between two of them
// everything that promises have to do gets done.
import type { Clock } from '@tidemark/protocol';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  readonly #tasks = new Set<Task>();
  #nowMs = 1_000;

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const task: Task = { atMs: this.#nowMs + delayMs, run };
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }

  /** Timers that are set now. */
  get pending(): number {
    return this.#tasks.size;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#tasks.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
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
