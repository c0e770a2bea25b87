// The command line of the takeover run. Pure; refuses what it does not know.
import { parseArgs } from 'node:util';
import { parseNumber } from '../command-line.ts';

export interface TakeoverOptions {
  readonly seed: number;
  readonly boundMs: number;
  readonly roundEveryMs: number;
  /** How often each thing is done. */
  readonly times: number;
  /** Names of deployments or cases, or parts of names; empty: all. */
  readonly only: readonly string[];
  readonly isJson: boolean;
  readonly mustWrite: boolean;
}

export const usage = `Usage: npm run takeover -- [options]

  --times <number>   how often each thing is done; default 10
  --only <name>      only cases whose name, or whose deployment's name, contains this; may be repeated
  --seed <number>    repeats a run's moments; default: a new one, printed
  --bound <ms>       maxStaleness of the instances; default 2000
  --period <ms>      period of the rounds; default 100
  --write            write the report to docs/takeover.md
  --json             print the rows as JSON
`;

/** What ships, over a direct connection. */
const defaults = { times: 10, boundMs: 2_000, roundEveryMs: 100 };

/** @throws Error with a sentence about what is wrong */
export function parseTakeoverOptions(args: readonly string[], newSeed: () => number): TakeoverOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      times: { type: 'string' },
      only: { type: 'string', multiple: true },
      seed: { type: 'string' },
      bound: { type: 'string' },
      period: { type: 'string' },
      write: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const number = (option: 'times' | 'seed' | 'bound' | 'period', otherwise: () => number): number => {
    const text = values[option];
    return text === undefined ? otherwise() : parseNumber(`--${option}`, text);
  };
  return {
    seed: number('seed', newSeed),
    boundMs: number('bound', () => defaults.boundMs),
    roundEveryMs: number('period', () => defaults.roundEveryMs),
    times: number('times', () => defaults.times),
    only: values.only ?? [],
    isJson: values.json === true,
    mustWrite: values.write === true,
  };
}
