// The command line of the bench. Pure; refuses what it does not know.
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of measurements; empty: all. */
  readonly only: readonly string[];
  readonly isQuick: boolean;
  /** Measures nothing: the page is made anew from the results that are kept. */
  readonly isReportOnly: boolean;
}

export const usage = `Usage: npm run bench -- [options]

  --only <name,name>  only these measurements; the results of the others stay as they are
  --quick             shows within seconds that everything runs; keeps no results
  --report            measures nothing: makes the page anew from the results that are kept
`;

/**
 * @param known the names of all measurements
 * @throws Error with a sentence about what is wrong
 */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean' },
      report: { type: 'boolean' },
    },
  });
  const only = (values.only ?? []).flatMap((names) => names.split(',')).map((name) => name.trim());
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only must name measurements, got "${unknown}": choose from ${known.join(', ')}`);
  }
  return { only, isQuick: values.quick === true, isReportOnly: values.report === true };
}
