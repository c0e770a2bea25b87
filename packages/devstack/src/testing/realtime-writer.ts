// A writer beside a replayed case: counts one row up, again and again, as the recordings did, and remembers what was
// committed. From that and from what a client received follows what was lost.
import { setTimeout as delay } from 'node:timers/promises';
import type { RealtimeBench } from './realtime-bench.ts';

export class Writer {
  readonly committed: number[] = [];
  readonly #bench: RealtimeBench;
  readonly #stopping = new AbortController();
  #value = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(bench: RealtimeBench, before = 0) {
    this.#bench = bench;
    this.#value = before;
  }

  /** Until stop(), through every outage. */
  start(everyMs: number): void {
    this.#running = this.#run(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async write(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const value = this.#value + 1;
      this.#value = value;
      await this.#bench.sql(`update copilot_internal.lat set v = ${value} where id = 1`);
      this.committed.push(value);
    }
  }

  async #run(everyMs: number): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // PostgreSQL may be away: that is what some cases are about.
      await this.write(1).catch(() => undefined);
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The counters in the events of a client, in their order. */
export function receivedValues(frames: readonly (string | Buffer)[]): readonly number[] {
  return frames.flatMap((frame) => {
    const value = typeof frame === 'string' ? /"record":\{"v": (\d+), "at"/.exec(frame)?.[1] : undefined;
    return value === undefined ? [] : [Number(value)];
  });
}

export interface Losses {
  readonly lost: number;
  /** Uninterrupted runs of lost values. */
  readonly ranges: number;
  readonly duplicates: number;
  readonly isLastReceived: boolean;
}

export function losses(committed: readonly number[], received: readonly number[]): Losses {
  const got = new Set(received);
  const isLost = committed.map((value) => !got.has(value));
  return {
    lost: isLost.filter(Boolean).length,
    ranges: isLost.filter((lost, index) => lost && isLost[index - 1] !== true).length,
    duplicates: received.length - got.size,
    isLastReceived: isLost.at(-1) !== true,
  };
}
