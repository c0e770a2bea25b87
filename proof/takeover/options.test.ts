import { expect, test } from 'vitest';
import { parseTakeoverOptions, usage } from './options.ts';

const parse = (...args: string[]): ReturnType<typeof parseTakeoverOptions> =>
  parseTakeoverOptions(args, () => 7);

test('a takeover run without arguments does everything ten times, as it ships over a direct connection', () => {
  expect(parse()).toEqual({
    seed: 7,
    boundMs: 2_000,
    roundEveryMs: 100,
    times: 10,
    only: [],
    isJson: false,
    mustWrite: false,
  });
});

test('each option of the usage is understood', () => {
  const all = ['--times', '3', '--only', 'a', '--only', 'b', '--seed', '5', '--bound', '900'];
  expect(parse(...all, '--period', '50', '--write', '--json')).toEqual({
    seed: 5,
    boundMs: 900,
    roundEveryMs: 50,
    times: 3,
    only: ['a', 'b'],
    isJson: true,
    mustWrite: true,
  });
  const named = [...usage.matchAll(/--[a-z]+/g)].map(([name]) => name);
  expect(new Set(named)).toEqual(
    new Set(['--times', '--only', '--seed', '--bound', '--period', '--write', '--json']),
  );
});

test('what is no number, or no option, is refused', () => {
  expect(() => parse('--times', 'often')).toThrow('--times must be a whole number, got "often"');
  expect(() => parse('--quickly')).toThrow('--quickly');
});
