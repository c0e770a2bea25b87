// A clock that stands still until it is told to move, with two times that can be moved apart: a machine is suspended,
// somebody sets the wall clock, a process is stopped and continued. It fits the clock port of the libraries, and
// knows nothing of them.

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock {
  readonly #tasks = new Set<Task>();
  #monotonicMs = 1_000;
  #wallMs = 1_700_000_000_000;
  /** How often the wall clock was read. */
  wallReads = 0;

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    this.wallReads += 1;
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

  /** Time passes, timers fire in order, and between two of them promises do what they have to. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#due(endMs)[0]; next !== undefined; next = this.#due(endMs)[0]) {
      this.#tasks.delete(next);
      this.#move(Math.max(this.#monotonicMs, next.atMs) - this.#monotonicMs);
      next.run();
      await settle();
    }
    this.#move(endMs - this.#monotonicMs);
    await settle();
  }

  /** All the time passes at once: each timer that is due by then fires once, after it, and nothing happens in between. */
  jump(ms: number): void {
    this.#move(ms);
    // One of them may cancel another.
    for (const task of this.#due(this.#monotonicMs)) if (this.#tasks.delete(task)) task.run();
  }

  /** The process was stopped and goes on: both clocks have moved, and no timer has fired yet. */
  async stopAndContinue(ms: number): Promise<void> {
    this.#move(ms);
    await settle();
  }

  /** The machine slept: only the wall clock has moved. */
  async suspend(ms: number): Promise<void> {
    this.#wallMs += ms;
    await settle();
  }

  /** Somebody sets the wall clock: forward, or back. */
  async setWall(byMs: number): Promise<void> {
    this.#wallMs += byMs;
    await settle();
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  /** In the order of their times. */
  #due(endMs: number): Task[] {
    const due = [...this.#tasks].filter((task) => task.atMs <= endMs);
    return due.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Lets all promises that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
