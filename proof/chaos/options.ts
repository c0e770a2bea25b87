// The command line of the fault run. Pure; refuses what it does not know.
import { parseArgs } from 'node:util';
import { parseNumber } from '../command-line.ts';
import type { Contestant } from './parts/messages.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly contestant: Contestant;
  readonly boundMs: number;
  /** Names of single faults, or parts of names; empty: all. */
  readonly only: readonly string[];
  readonly isQuick: boolean;
  /** Combinations at random until so much time has passed, instead of the fixed number. */
  readonly minutes: number | undefined;
  /** Combinations after the single faults. */
  readonly combinations: number;
  readonly isJson: boolean;
  readonly mustWrite: boolean;
}

export const usage = `Usage: npm run chaos -- [options]

  --seed <number>     repeats a run's faults and pauses; default: a new one, printed
  --only <name>       only faults whose name contains this; may be repeated
  --quick             a few faults, about a minute
  --minutes <number>  after the single faults, combinations until so long has passed
  --bound <ms>        maxStaleness of the instances; default 1000
  --naive             judge cache-aside with pub/sub DEL instead: it must fail
  --write             write the report to docs/chaos.md
  --json              print the rows as JSON
`;

/** Half of what ships: the faults outlast it sooner, and nothing else changes. */
const defaultBoundMs = 1_000;
const defaultCombinations = 8;

/** @throws Error with a sentence about what is wrong */
export function parseOptions(args: readonly string[], newSeed: () => number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean' },
      minutes: { type: 'string' },
      bound: { type: 'string' },
      naive: { type: 'boolean' },
      write: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const isQuick = values.quick === true;
  const only = values.only ?? [];
  return {
    seed: values.seed === undefined ? newSeed() : parseNumber('--seed', values.seed),
    contestant: values.naive === true ? 'naive' : 'tidemark',
    boundMs: values.bound === undefined ? defaultBoundMs : parseNumber('--bound', values.bound),
    only,
    isQuick,
    minutes: values.minutes === undefined ? undefined : parseNumber('--minutes', values.minutes),
    combinations: isQuick || only.length > 0 ? 0 : defaultCombinations,
    isJson: values.json === true,
    mustWrite: values.write === true,
  };
}
