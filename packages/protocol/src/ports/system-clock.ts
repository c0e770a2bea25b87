// The clocks of this machine. The only file of the libraries that asks the system for the time or for chance.
// A binding of the module: the global is looked up anew at each call, an eighth of what a reading costs.
import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';

/** About 24.8 days. The timers of Node count to here; a longer delay would end after 1 ms, and a poll become a hot loop. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, longestDelayMs));
    return () => clearTimeout(timer);
  },
};

/** A number from 0 to below 1; for jitter, never for secrets. */
export type Random = () => number;

export const systemRandom: Random = Math.random;
