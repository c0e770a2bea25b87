// Waiting in tests: for a condition, always with a deadline. Never a bare sleep.
import { setTimeout as pause } from 'node:timers/promises';

/** An overloaded machine is slow, not broken. */
const deadlineMs = 30_000;

/** Resolves as soon as `condition` is true; `what` ends the sentence "gave up waiting for ...". */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`gave up waiting for ${what} after ${deadlineMs} ms`);
    await pause(5);
  }
}
