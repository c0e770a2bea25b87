// How a cost grows: the exponent of the power that fits best. Pure.

export type Point = readonly [size: number, cost: number];

/**
 * The slope of the line through the points on logarithmic axes, by least squares: 0 does not grow, 1 grows in proportion,
 * 2 is quadratic. A fixed part that outweighs the rest at small sizes makes it smaller; look at the plot as well.
 *
 * @throws RangeError for fewer than two sizes, or what has no logarithm
 */
export function exponentOf(points: readonly Point[]): number {
  const places = points.map(([size, cost]): Point => [Math.log(size), Math.log(cost)]);
  if (!places.flat().every(Number.isFinite)) throw new RangeError('sizes and costs must be positive');
  const meanX = mean(places.map(([x]) => x));
  const meanY = mean(places.map(([, y]) => y));
  const spread = mean(places.map(([x]) => (x - meanX) ** 2));
  if (!(spread > 0)) throw new RangeError('an exponent needs two sizes at least');
  return mean(places.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
