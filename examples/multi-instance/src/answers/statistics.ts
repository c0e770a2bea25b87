// Percentiles of a handful of samples.

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/**
 * By nearest rank, so that each figure is one that was measured; two decimals.
 *
 * @throws RangeError without samples: a median of nothing would look like a good one
 */
export function percentilesOf(samples: readonly number[]): Percentiles {
  if (samples.length === 0) throw new RangeError('there is no percentile of no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (share: number): number =>
    Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 100) / 100;
  return { p50: rank(0.5), p99: rank(0.99) };
}
