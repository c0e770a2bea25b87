// Waiting for a condition instead of sleeping: a slow machine makes a test slower, not red.
import { setTimeout as pause } from 'node:timers/promises';

/** Resolves once the condition holds; the test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}
