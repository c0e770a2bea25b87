// Runs searches in processes of their own, a few at a time, and makes a table of what they found.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { KnockOut } from './knock-out.ts';
import { knockOuts } from './knock-outs.ts';
import type { SearchOrder } from './search-process.ts';
import type { SearchResult } from './search.ts';

export interface KnockOutResult {
  readonly knockOut: KnockOut;
  readonly result: SearchResult;
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
  readonly maxSteps: number;
  readonly processes: number;
  readonly onResult?: (result: KnockOutResult) => void;
}

/** Each knock-out starts at the seed that is known to find it, or at the first. */
export async function searchKnockOuts(how: KnockOutSearch): Promise<KnockOutResult[]> {
  const waiting = [...knockOuts];
  const results: KnockOutResult[] = [];
  const work = async (): Promise<void> => {
    for (let knockOut = waiting.shift(); knockOut !== undefined; knockOut = waiting.shift()) {
      const { name, seed } = knockOut;
      const result = await runSearch({
        knockOut: name,
        firstSeed: seed ?? 1,
        maxSteps: how.maxSteps,
        shortens: false,
      });
      results.push({ knockOut, result });
      how.onResult?.({ knockOut, result });
    }
  };
  await Promise.all(Array.from({ length: how.processes }, work));
  return knockOuts.flatMap((knockOut) => results.filter((result) => result.knockOut === knockOut));
}
