// From a value to a place on a picture, and where to draw the lines that help to read it. Pure.

export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

export interface ScaleOptions {
  readonly values: readonly number[];
  /** Places of the lowest and of the highest value. */
  readonly from: number;
  readonly until: number;
  readonly isLogarithmic: boolean;
}

export function makeScale(options: ScaleOptions): Scale {
  return options.isLogarithmic ? logarithmic(options) : proportional(options);
}

/** Starts at zero: a length says how much. */
function proportional({ values, from, until }: ScaleOptions): Scale {
  const most = Math.max(...values, Number.MIN_VALUE);
  const step = niceStep(most / 5);
  const top = Math.ceil(most / step) * step;
  return {
    place: (value) => from + ((until - from) * value) / top,
    ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step),
  };
}

/** From one power of ten to another. */
function logarithmic({ values, from, until }: ScaleOptions): Scale {
  const positive = values.filter((value) => value > 0);
  const bottom = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const top = Math.max(bottom + 1, Math.ceil(Math.log10(Math.max(...positive)) - 1e-9));
  return {
    place: (value) =>
      value <= 0 ? from : from + ((until - from) * (Math.log10(value) - bottom)) / (top - bottom),
    ticks: Array.from({ length: top - bottom + 1 }, (_, index) => 10 ** (bottom + index)),
  };
}

function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5, 10].find((factor) => factor * power >= atLeast * 0.999) ?? 10) * power;
}
