// The command line of the fault run, and its chance.
import { expect, it } from 'vitest';
import { combineAtRandom, quickFaults, singleFaults } from './faults/faults.ts';
import { parseOptions } from './options.ts';
import { seededRandom } from './seeded-random.ts';

it('draws a seed when none is given, and keeps the one that is', () => {
  expect(parseOptions([], () => 77).seed).toBe(77);
  expect(parseOptions(['--seed', '1'], () => 77).seed).toBe(1);
});

it('refuses what it does not know, and numbers that are none', () => {
  expect(() => parseOptions(['--sed', '1'], () => 0)).toThrow(/--sed/);
  expect(() => parseOptions(['--seed', 'one'], () => 0)).toThrow('--seed must be a whole number, got "one"');
});

it('runs no combinations when single faults are asked for', () => {
  expect(parseOptions(['--only', 'Redis'], () => 0)).toMatchObject({ only: ['Redis'], combinations: 0 });
});

it('draws the same numbers from the same seed, and others from another', () => {
  const draw = (seed: number, name: string): number[] => {
    const random = seededRandom(seed).fork(name);
    return Array.from({ length: 20 }, () => random.between(0, 1_000));
  };
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
});

it('draws every number of a range and none beside it', () => {
  const random = seededRandom(5);
  const drawn = new Set(Array.from({ length: 500 }, () => random.between(3, 6)));
  expect([...drawn].sort((a, b) => a - b)).toEqual([3, 4, 5, 6]);
});

it('gives every fault a name of its own, and the short run one for each of its names', () => {
  const names = singleFaults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(quickFaults()).toHaveLength(9);
});

it('combines faults of different parts only, so that none heals what another is breaking', () => {
  const random = seededRandom(3);
  const partOf = new Map(singleFaults.map(({ name, part }) => [name, part]));
  for (let count = 0; count < 200; count += 1) {
    const parts = combineAtRandom(random)
      .name.split(' + ')
      .map((name) => partOf.get(name));
    expect(parts.length).toBeGreaterThan(1);
    expect(new Set(parts).size).toBe(parts.length);
    expect(parts).not.toContain(undefined);
  }
});
