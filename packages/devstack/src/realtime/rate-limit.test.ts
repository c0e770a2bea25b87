import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

const vice = { isOn: true, eventsPerSecond: 100, windowMs: 60_000 };

function allowed(limit: RateLimit, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => limit.isAllowed(vice, nowMs)).filter(Boolean).length;
}

test('after a bulk of 10,000 events are dropped from the next look at the average until the bulk is a window old', () => {
  const limit = new RateLimit();
  expect(allowed(limit, 1, 0)).toBe(1);
  expect(allowed(limit, 10_000, 2_500)).toBe(10_000);
  expect(allowed(limit, 1, 4_999)).toBe(1);
  expect(allowed(limit, 1, 5_000)).toBe(0);
  expect(allowed(limit, 1, 64_999)).toBe(0);
  expect(allowed(limit, 1, 65_000)).toBe(1);
});

test('what is dropped does not count', () => {
  const limit = new RateLimit();
  allowed(limit, 6_001, 0);
  for (let nowMs = 5_000; nowMs < 65_000; nowMs += 1_000) expect(allowed(limit, 1_000, nowMs)).toBe(0);
  expect(allowed(limit, 1, 65_000)).toBe(1);
});

test('at the limit nothing is dropped', () => {
  const limit = new RateLimit();
  for (let nowMs = 0; nowMs < 180_000; nowMs += 1_000) expect(allowed(limit, 100, nowMs)).toBe(100);
});

test('switched off, it forgets', () => {
  const limit = new RateLimit();
  allowed(limit, 10_000, 0);
  expect(limit.isAllowed({ ...vice, isOn: false }, 6_000)).toBe(true);
  expect(allowed(limit, 1, 7_000)).toBe(1);
});

test('a long silence empties the window', () => {
  const limit = new RateLimit();
  allowed(limit, 10_000, 0);
  expect(allowed(limit, 1, 1_000_000)).toBe(1);
});
