// Medians and spreads of repetitions. Pure.

export interface Spread {
  readonly median: number;
  /** A quarter of the repetitions is below, a quarter above. */
  readonly quarters: readonly [low: number, high: number];
}

/** @throws RangeError for nothing */
export function spreadOf(samples: readonly number[]): Spread {
  return { median: quantile(samples, 0.5), quarters: [quantile(samples, 0.25), quantile(samples, 0.75)] };
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Between two samples: on the line between them. @param share from 0 to 1 */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('a quantile needs samples, got none');
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
