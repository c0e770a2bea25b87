// Chance from a seed, so that a fault run can be repeated: same seed, same faults, same pauses. (What the machine does
// in between is not repeatable; a seed finds the neighbourhood of a bug, not always the bug.)

export interface SeededRandom {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** Another sequence, decided by this one's seed and the name alone: what draws more here changes nothing there. */
  fork(name: string): SeededRandom;
}

/** The mulberry32 generator: 32 bits of state are plenty for choosing faults. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick<T>(list: readonly T[]): T {
      const chosen = list[Math.floor(next() * list.length)];
      if (chosen === undefined) throw new Error('there is nothing to pick from an empty list');
      return chosen;
    },
    fork: (name) => seededRandom(mixIn(seed, name)),
  };
}

function mixIn(seed: number, name: string): number {
  let mixed = seed >>> 0;
  for (const letter of name) mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return mixed;
}
