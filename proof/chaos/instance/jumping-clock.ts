// The clock port of an instance, moved on purpose. The wall clock jumps in both directions; the monotonic one only ahead,
// because going back is what it promises never to do.
import { type Clock, systemClock } from '@tidemark/protocol';

export class JumpingClock implements Clock {
  #wallOffsetMs = 0;
  #monotonicOffsetMs = 0;

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#monotonicOffsetMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#wallOffsetMs;
  }

  schedule(delayMs: number, task: () => void): () => void {
    return systemClock.schedule(delayMs, task);
  }

  jump(wallMs: number, monotonicMs: number): void {
    this.#wallOffsetMs += wallMs;
    this.#monotonicOffsetMs += Math.max(0, monotonicMs);
  }
}
