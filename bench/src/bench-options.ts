// The command line of the bench. Pure; refuses what it does not know.
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of measurements; empty: all. */
  readonly only: readonly string[];
  readonly isQuick: boolean;
  /** Measures nothing: the page is made anew from the results that are kept. */
  readonly isReportOnly: boolean;
}

/** @param summaries of the measurements, by name, in the order in which they run */
export function usageOf(summaries: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(summaries).map((name) => name.length));
  const lines = Object.entries(summaries).map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`);
  return `${options}\nMeasurements, in their order; all of them where none is named:\n\n${lines.join('\n')}\n`;
}

const options = `Usage: npm run bench -- [options]

  --only <name,name>  only these measurements; the results of the others stay as they are
  --quick             shows in a minute or two that everything runs; keeps no results
  --report            measures nothing: makes the page anew from the results that are kept
  --help              this text
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
