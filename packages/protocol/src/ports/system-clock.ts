// The clocks of this machine. The only file of the libraries that asks the system for the time or for chance.
import type { Clock } from './clock.ts';

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A number from 0 to below 1; for jitter, never for secrets. */
export type Random = () => number;

export const systemRandom: Random = Math.random;
