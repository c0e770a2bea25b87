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
  /** Of a logarithmic one: ends at 1, 2 or 5 of a power, and not at whole powers alone. Default false. */
  readonly isTight?: boolean;
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

/** From one power of ten to another; a tight one of few powers has lines between them, too. */
function logarithmic({ values, from, until, isTight = false }: ScaleOptions): Scale {
  const positive = values.filter((value) => value > 0);
  const powers = powersAround(positive);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  // Within less than a power a flat line would look steep.
  const marks =
    isTight && most / least >= 10 ? powers.flatMap((power) => [power, 2 * power, 5 * power]) : powers;
  const bottom = marks.findLast((mark) => mark <= least * 1.001) ?? least;
  const top = marks.find((mark) => mark > bottom && mark >= most * 0.999) ?? most;
  const shown = marks.filter((mark) => mark >= bottom && mark <= top);
  const whole = shown.filter((mark) => powers.includes(mark));
  const [low, high] = [Math.log10(bottom), Math.log10(top)];
  return {
    place: (value) =>
      value <= 0 ? from : from + ((until - from) * (Math.log10(value) - low)) / (high - low),
    // So many lines as help: every power is enough where there are several.
    ticks: whole.length > 2 ? whole : shown,
  };
}

/** The powers of ten around the values: two at least. */
function powersAround(positive: readonly number[]): readonly number[] {
  const bottom = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const top = Math.max(bottom + 1, Math.ceil(Math.log10(Math.max(...positive)) - 1e-9));
  return Array.from({ length: top - bottom + 1 }, (_, index) => 10 ** (bottom + index));
}

function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5, 10].find((factor) => factor * power >= atLeast * 0.999) ?? 10) * power;
}
