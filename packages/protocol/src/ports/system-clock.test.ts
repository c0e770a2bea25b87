import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './system-clock.ts';

const longestDelayMs = 2 ** 31 - 1;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([2 ** 31, 2 ** 32, 400 * 86_400_000, Infinity])(
  'a delay of %d ms, more than timers count, is the longest that they do, and not the shortest',
  (delayMs) => {
    const task = vi.fn<() => void>();
    systemClock.schedule(delayMs, task);
    vi.advanceTimersByTime(longestDelayMs - 1);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(task).toHaveBeenCalledOnce();
  },
);

it('a task that was cancelled never runs', () => {
  const task = vi.fn<() => void>();
  systemClock.schedule(10, task)();
  vi.advanceTimersByTime(20);
  expect(task).not.toHaveBeenCalled();
});
