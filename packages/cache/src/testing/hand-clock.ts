// A clock that stands still until a test moves it: what needs no time passes at once, what waits for a deadline is seen
// to wait for it.
import type { Clock } from '@tidemark/protocol';

export class HandClock implements Clock {
  #nowMs = 1_000_000;
  readonly #tasks = new Set<{ readonly atMs: number; readonly run: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const task = { atMs: this.#nowMs + delayMs, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#tasks].filter(({ atMs }) => atMs <= this.#nowMs);
    // One of them may cancel another.
    for (const task of due) if (this.#tasks.delete(task)) task.run();
  }
}
