// One row of the report: the same loss so many times under load, and what the checker of the fault run says about every
// read of it.
import { setTimeout as pause } from 'node:timers/promises';
import { askAll, describeFailure, findSurvivors, takeHistory, untilTrusted } from '../chaos/history.ts';
import type { Verdict } from '../chaos/judge/judge.ts';
import type { SeededRandom } from '../chaos/seeded-random.ts';
import { sharedMs } from '../chaos/shared-clock.ts';
import { type Attempt, attemptFault, attemptReplacement } from './attempt.ts';
import type { RollingUpdate, TakeoverCase } from './faults.ts';
import type { TakeoverScene } from './scene.ts';

export interface TakeoverRow extends Verdict {
  readonly deployment: string;
  readonly fault: string;
  readonly what: string;
  readonly roundEveryMs: number;
  readonly attempts: readonly Attempt[];
  readonly survivors: number;
  readonly lost: number;
  /** Reads that failed although the source did not. */
  readonly errors: number;
  /** Links to nothing, on which every instance resets. */
  readonly resets: number;
  readonly generations: number;
  readonly isGood: boolean;
}

export interface RowOrder {
  readonly deployment: string;
  readonly case: TakeoverCase;
  readonly times: number;
  readonly random: SeededRandom;
}

export async function runTakeoverRow(scene: TakeoverScene, order: RowOrder): Promise<TakeoverRow> {
  const { witness } = scene;
  await askAll(scene, { kind: 'go' });
  await untilTrusted(scene, sharedMs());
  const before = { generation: witness.generation, resets: witness.linksToNothing };
  const attempts: Attempt[] = [];
  for (let count = 0; count < order.times; count += 1) {
    attempts.push(...(await attempt(scene, order, count)));
    await untilTrusted(scene, sharedMs());
  }
  await pause(1.2 * scene.options.boundMs);
  const survivors = await findSurvivors(scene);
  const { verdict, failures } = await takeHistory(scene, undefined);
  const errors = failures.filter(({ isSource }) => !isSource);
  const row = {
    deployment: order.deployment,
    fault: order.case.name,
    what: order.case.what,
    roundEveryMs: scene.settings.roundEveryMs,
    ...verdict,
    attempts,
    examples: [
      ...verdict.examples,
      ...survivors.slice(0, 5),
      ...errors.slice(0, 5).map(describeFailure),
      ...attempts.flatMap(({ takeoverMs, allMs }, number) =>
        takeoverMs === null || allMs === null ? [`nobody took everything over at loss ${number + 1}`] : [],
      ),
    ],
    survivors: survivors.length,
    lost: attempts.reduce((sum, { lost }) => sum + lost, 0),
    errors: errors.length,
    resets: witness.linksToNothing - before.resets,
    generations: witness.generation - before.generation,
  };
  return { ...row, isGood: isGood(row) };
}

async function attempt(scene: TakeoverScene, order: RowOrder, count: number): Promise<readonly Attempt[]> {
  const { case: one, random } = order;
  if (one.kind === 'fault') return [await attemptFault(scene, one, random)];
  return updateAll(scene, one, count);
}

async function updateAll(scene: TakeoverScene, update: RollingUpdate, count: number): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const environment = count % 2 === 0 ? update.environment : {};
  for (const old of scene.contenders) {
    const fresh = scene.spare;
    const attempt = await attemptReplacement(scene, { old, fresh, environment });
    scene.replace(old, fresh);
    if (attempt !== undefined) attempts.push(attempt);
  }
  return attempts;
}

function isGood(row: Omit<TakeoverRow, 'isGood'>): boolean {
  const wrong = row.beyondBound + row.survivors + row.ownMisses + row.invented + row.errors + row.lost;
  const hasMissed = row.attempts.some(({ takeoverMs, allMs }) => takeoverMs === null || allMs === null);
  return wrong === 0 && !hasMissed && row.attempts.length > 0 && row.reads > 0;
}
