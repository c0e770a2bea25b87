// A process that searches with one knock-out, or with none, or takes a schedule: patches hold for a whole process. The
// order is one argument of JSON, the result one line of JSON.
import path from 'node:path';
import { applyPatches } from './apply-patches.ts';
import { knockOuts, removalOf } from './knock-outs.ts';

export interface SearchOrder {
  /** null: the product as it is. */
  readonly knockOut: string | null;
  /** Leaves the guard behind the knocked out one where it is. */
  readonly hasBackup?: boolean;
  /** Takes the schedules of these knock-outs; without it, walks are searched. */
  readonly schedules?: readonly string[];
  readonly firstSeed: number;
  readonly maxSteps: number;
  readonly shortens: boolean;
}

const order = JSON.parse(process.argv[2] ?? '{}') as SearchOrder;
const knockOut = knockOuts.find(({ name }) => name === order.knockOut);
const { patches = [], weakness } =
  knockOut === undefined ? {} : removalOf(knockOut, order.hasBackup === true);
applyPatches(path.join(import.meta.dirname, '../..'), patches);

const { search, takeSchedules } = await import('./search.ts');
const { firstSeed, maxSteps, shortens, schedules } = order;
const result =
  schedules === undefined
    ? await search({
        firstSeed,
        maxSteps,
        shortens,
        stepsPerWalk: 1_500,
        weakness,
        wish: knockOut?.wish ?? {},
        asksForProgress: knockOut === undefined,
      })
    : await takeSchedules(schedules, weakness);
process.stdout.write(`${JSON.stringify(result)}\n`);
