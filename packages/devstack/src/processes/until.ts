// Waiting: for a condition, or for a promise, always with a deadline. Never a bare sleep.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { DevstackError } from '../devstack-error.ts';

export interface UntilOptions {
  /** What is waited for, as the end of the sentence "gave up waiting for ...". */
  readonly what: string;
  /** Default 20,000: an overloaded machine is slow, not broken. */
  readonly deadlineMs?: number;
  /** Pause between two looks. Default 5. */
  readonly everyMs?: number;
}

export const defaultDeadlineMs = 20_000;

/**
 * Resolves as soon as `condition` is true.
 *
 * @param options.what the text of the condition, where it says enough by itself
 * @throws DevstackError DEVSTACK_TIMEOUT when it is not true before the deadline
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { what = String(condition), deadlineMs = defaultDeadlineMs, everyMs = 5 }: Partial<UntilOptions> = {},
): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw timeout(what, deadlineMs);
    await delay(everyMs);
  }
}

/**
 * The value of `promise`, if it comes before the deadline.
 *
 * @throws DevstackError DEVSTACK_TIMEOUT otherwise; whatever the promise rejects with
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  { what, deadlineMs = defaultDeadlineMs }: UntilOptions,
): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timeout(what, deadlineMs)), deadlineMs);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function timeout(what: string, deadlineMs: number): DevstackError {
  return new DevstackError('DEVSTACK_TIMEOUT', `gave up waiting for ${what} after ${deadlineMs} ms`);
}
