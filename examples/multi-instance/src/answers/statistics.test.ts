import { expect, test } from 'vitest';
import { percentilesOf } from './statistics.ts';

test('percentiles are samples, by nearest rank, in whatever order they came', () => {
  const samples = Array.from({ length: 200 }, (_, at) => 200 - at);
  expect(percentilesOf(samples)).toEqual({ p50: 100, p99: 198 });
});

test('one sample is every percentile', () => {
  expect(percentilesOf([7.126])).toEqual({ p50: 7.13, p99: 7.13 });
});

test('a single slow sample of fifty shows in the 99th percentile and not in the median', () => {
  expect(percentilesOf([...Array.from({ length: 49 }, () => 5), 900])).toEqual({ p50: 5, p99: 900 });
});

test('nothing measured is an error, not a good median', () => {
  expect(() => percentilesOf([])).toThrow(RangeError);
});
