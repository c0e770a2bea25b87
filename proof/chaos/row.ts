// One row of the report: a fault under load, and what the checker says about the history of it.
//
//   go ─► fault (breaks, heals) ─► everything trusts again ─► a bound more ─► writers rest ─► every instance has
//   proved the last write ─► what it answers is compared with the database (survivors) ─► readers rest ─► judged
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './faults/fault.ts';
import { stageOf } from './faults/fault.ts';
import { askAll, countResets, describeFailure, findSurvivors, takeHistory, untilTrusted } from './history.ts';
import type { Verdict } from './judge/judge.ts';
import type { Scene } from './parts/scene.ts';
import type { SeededRandom } from './seeded-random.ts';
import { sharedMs } from './shared-clock.ts';

export interface Row extends Verdict {
  readonly fault: string;
  readonly what: string;
  readonly seconds: number;
  /** R2: rows of which an instance answers an older version although it has proved the last write. */
  readonly survivors: number;
  /** R4: reads that failed although the source did not. */
  readonly errors: number;
  /** Reads that failed because the source did, in rows that break it. */
  readonly sourceErrors: number;
  readonly loads: number;
  /** Of the row and instance with the most. */
  readonly mostLoads: number;
  /** R5: loads beyond the one that the reads of an epoch may cost. */
  readonly extraLoads: number;
  readonly resets: number;
  /** R6: from the end of the fault until every instance trusts its entries; null: not within half a minute. */
  readonly trustMs: number | null;
  readonly lostCommits: number;
  readonly isGood: boolean;
}

export async function runRow(scene: Scene, fault: Fault, random: SeededRandom): Promise<Row> {
  const startMs = sharedMs();
  if (scene.options.contestant === 'naive') await renew(scene);
  const stage = stageOf(scene, random);
  const resetsBefore = await countResets(scene);
  await askAll(scene, { kind: 'go' });
  await stage.moment();
  const fromMs = sharedMs();
  await fault.run(stage);
  const healedMs = sharedMs();
  const isTrusted = await untilTrusted(scene, healedMs);
  const untilMs = sharedMs();
  await pause(1.2 * scene.options.boundMs);
  const survivors = await findSurvivors(scene);
  const resets = (await countResets(scene)) - resetsBefore;
  const loss = fault.losesCommits === true ? { fromMs, untilMs } : undefined;
  const history = await takeHistory(scene, loss);
  const { verdict, lostCommits } = history;
  const errors = history.failures.filter(({ isSource }) => !isSource || fault.breaksSource !== true);
  const examples = [
    ...verdict.examples,
    ...survivors.slice(0, 5),
    ...errors.slice(0, 5).map(describeFailure),
  ];
  const row = {
    fault: fault.name,
    what: fault.what,
    ...verdict,
    examples,
    seconds: (sharedMs() - startMs) / 1_000,
    survivors: survivors.length,
    errors: errors.length,
    sourceErrors: history.failures.length - errors.length,
    loads: history.loads,
    mostLoads: history.mostLoads,
    extraLoads: history.extraLoads,
    resets,
    trustMs: isTrusted ? untilMs - healedMs : null,
    lostCommits,
  };
  return { ...row, isGood: isGood(row, loss !== undefined) };
}

/** What one row left stale in the control would be held against it in the next one: each starts with empty caches. */
async function renew({ redis, instances }: Scene): Promise<void> {
  await redis.run((commands) => commands.flushall());
  for (const instance of instances) {
    await instance.child.kill();
    await instance.start();
  }
}

/** @param mayLose the row is about lost commits: one in which none was lost has tried nothing */
function isGood(row: Omit<Row, 'isGood'>, mayLose: boolean): boolean {
  const wrong = row.beyondBound + row.survivors + row.ownMisses + row.invented + row.errors + row.extraLoads;
  return wrong === 0 && row.trustMs !== null && row.reads > 0 && row.lostCommits > 0 === mayLose;
}
