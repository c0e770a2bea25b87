// Runs searches in processes of their own, a few at a time, and gathers what they found.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { KnockOut } from './knock-out.ts';
import { knockOuts } from './knock-outs.ts';
import { hasSchedule } from './schedules.ts';
import type { SearchOrder } from './search-process.ts';
import type { SearchResult } from './search.ts';

export interface KnockOutResult {
  readonly knockOut: KnockOut;
  readonly result: SearchResult;
  /** With the backup in its place; undefined where there is none. */
  readonly withBackup: SearchResult | undefined;
}

export interface KnockOutResults {
  readonly results: readonly KnockOutResult[];
  /** The product as it is, on every schedule. */
  readonly onSchedules: SearchResult;
}

const searchProcess = path.join(import.meta.dirname, 'search-process.ts');

export async function runSearch(order: SearchOrder): Promise<SearchResult> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=@tidemark/source',
      '--disable-warning=ExperimentalWarning',
      searchProcess,
      JSON.stringify(order),
    ],
    { maxBuffer: 64 * 1_048_576 },
  );
  return JSON.parse(stdout) as SearchResult;
}

/** What a schedule needs of an order: nothing is searched. */
const walkless = { firstSeed: 0, maxSteps: 0, shortens: false };

export interface KnockOutSearch {
  /** Where the search of a knock-out starts that has no schedule. */
  readonly firstSeed: (name: string) => number;
  /** Ends the search of one knock-out. */
  readonly maxSteps: number;
  readonly processes: number;
  readonly onResult?: (result: KnockOutResult) => void;
}

export async function searchKnockOuts(how: KnockOutSearch): Promise<KnockOutResults> {
  const waiting = [...knockOuts];
  const results: KnockOutResult[] = [];
  const work = async (): Promise<void> => {
    for (let knockOut = waiting.shift(); knockOut !== undefined; knockOut = waiting.shift()) {
      const result = await searchKnockOut(knockOut, how);
      results.push(result);
      how.onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: how.processes }, work));
  const schedules = knockOuts.map(({ name }) => name).filter(hasSchedule);
  return {
    results: knockOuts.flatMap((knockOut) => results.filter((result) => result.knockOut === knockOut)),
    onSchedules: await runSearch({ ...walkless, knockOut: null, schedules }),
  };
}

async function searchKnockOut(
  knockOut: KnockOut,
  { firstSeed, maxSteps }: KnockOutSearch,
): Promise<KnockOutResult> {
  const { name, backup } = knockOut;
  if (!hasSchedule(name)) {
    const order = { knockOut: name, firstSeed: firstSeed(name), maxSteps, shortens: false };
    return { knockOut, result: await runSearch(order), withBackup: undefined };
  }
  const order = { ...walkless, knockOut: name, schedules: [name] };
  const result = await runSearch(order);
  const withBackup = backup === undefined ? undefined : await runSearch({ ...order, hasBackup: true });
  return { knockOut, result, withBackup };
}

/** @returns what is wrong: a knock-out that breaks no promise, or a schedule that breaks one without it */
export function findProblems({ results, onSchedules }: KnockOutResults): string[] {
  const { found } = onSchedules;
  return [
    ...(found === undefined ? [] : [`a schedule breaks the product as it is: ${found.text}`]),
    ...results.flatMap(({ knockOut: { name, backup }, result, withBackup }) => [
      ...(result.found === undefined ? [`${name}: no promise broken`] : []),
      ...(withBackup?.found === undefined ? [] : [`${name}: found without taking "${backup}" away`]),
    ]),
  ];
}
