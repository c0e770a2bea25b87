// A process that searches with one knock-out, or with none: patches hold for a whole process. The order is one argument
// of JSON, the result one line of JSON.
import path from 'node:path';
import { applyPatches } from './apply-patches.ts';
import { knockOuts } from './knock-outs.ts';

export interface SearchOrder {
  /** null: the product as it is. */
  readonly knockOut: string | null;
  readonly firstSeed: number;
  readonly maxSteps: number;
  readonly shortens: boolean;
}

const order = JSON.parse(process.argv[2] ?? '{}') as SearchOrder;
const knockOut = knockOuts.find(({ name }) => name === order.knockOut);
applyPatches(path.join(import.meta.dirname, '../..'), knockOut?.patches ?? []);

const { search } = await import('./search.ts');
const { firstSeed, maxSteps, shortens } = order;
const result = await search({
  firstSeed,
  maxSteps,
  shortens,
  stepsPerWalk: 1_500,
  weakness: knockOut?.weakness,
  wish: knockOut?.wish ?? {},
  asksForProgress: knockOut === undefined,
});
process.stdout.write(`${JSON.stringify(result)}\n`);
