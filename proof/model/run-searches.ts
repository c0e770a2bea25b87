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
  /** The product as it is on the same schedule; undefined where there is none. */
  readonly asItIs: SearchResult | undefined;
  /** With the backup in its place; undefined where there is none. */
  readonly withBackup: SearchResult | undefined;
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

export interface KnockOutSearch {
  /** Where the search of a knock-out starts that has no schedule. */
  readonly firstSeed: (name: string) => number;
  /** Ends the search of one knock-out. */
  readonly maxSteps: number;
  readonly processes: number;
  readonly onResult?: (result: KnockOutResult) => void;
}

export async function searchKnockOuts(how: KnockOutSearch): Promise<KnockOutResult[]> {
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
  return knockOuts.flatMap((knockOut) => results.filter((result) => result.knockOut === knockOut));
}

async function searchKnockOut(knockOut: KnockOut, how: KnockOutSearch): Promise<KnockOutResult> {
  const { name, backup } = knockOut;
  const order = { firstSeed: how.firstSeed(name), maxSteps: how.maxSteps, shortens: false };
  if (!hasSchedule(name)) {
    const result = await runSearch({ ...order, knockOut: name });
    return { knockOut, result, asItIs: undefined, withBackup: undefined };
  }
  const taken = { ...order, schedule: name };
  return {
    knockOut,
    result: await runSearch({ ...taken, knockOut: name }),
    asItIs: await runSearch({ ...taken, knockOut: null }),
    withBackup:
      backup === undefined ? undefined : await runSearch({ ...taken, knockOut: name, hasBackup: true }),
  };
}

/** @returns what is wrong: a knock-out that breaks no promise, or a schedule that breaks one without it */
export function findProblems(results: readonly KnockOutResult[]): string[] {
  return results.flatMap(({ knockOut: { name, backup }, result, asItIs, withBackup }) => [
    ...(result.found === undefined ? [`${name}: no promise broken`] : []),
    ...(asItIs?.found === undefined ? [] : [`${name}: its schedule breaks the product as it is`]),
    ...(withBackup?.found === undefined ? [] : [`${name}: found without taking "${backup}" away`]),
  ]);
}
