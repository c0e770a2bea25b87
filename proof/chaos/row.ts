// One row of the report: a fault under load, and what the checker says about the history of it.
//
//   go ─► fault (breaks, heals) ─► everything trusts again ─► a bound more ─► writers rest ─► every instance has
//   proved the last write ─► what it answers is compared with the database (survivors) ─► readers rest ─► judged
import { until } from '@tidemark/devstack';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './faults/fault.ts';
import { stageOf } from './faults/fault.ts';
import { judge, type Loss, type Verdict } from './judge/judge.ts';
import type { Failure, Question } from './parts/messages.ts';
import { type Scene, settleCommits } from './parts/scene.ts';
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

const trustWithinMs = 30_000;

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
  const examples = [...verdict.examples, ...survivors.slice(0, 5), ...errors.slice(0, 5).map(describe)];
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

async function askAll(scene: Scene, question: Question): Promise<void> {
  await Promise.all(
    [scene.writer, ...scene.instances.map(({ child }) => child)].map((child) => child.ask(question)),
  );
}

async function countResets(scene: Scene): Promise<number> {
  const statuses = await Promise.all(scene.instances.map((instance) => instance.status()));
  return statuses.reduce((sum, { resets }) => sum + resets, 0);
}

/** R6: a lease, and a tidemark from after the fault. */
async function untilTrusted(scene: Scene, healedMs: number): Promise<boolean> {
  return isTrueSoon(scene, async () => {
    const statuses = await Promise.all(scene.instances.map((instance) => instance.status()));
    return statuses.every(
      ({ isReady, provedMs }) =>
        isReady && (scene.options.contestant === 'naive' || (provedMs !== null && provedMs > healedMs)),
    );
  });
}

async function isTrueSoon(scene: Scene, condition: () => Promise<boolean>): Promise<boolean> {
  try {
    await until(condition, { what: 'trust', deadlineMs: trustWithinMs, everyMs: 20 });
    return true;
  } catch (error) {
    if (scene.instances.some(({ child }) => child.hasExited)) throw error;
    return false;
  }
}

/** R2: once the last write is proved, nothing older is answered by anybody. */
async function findSurvivors(scene: Scene): Promise<string[]> {
  await askAll(scene, { kind: 'rest', readers: false });
  const restedMs = sharedMs();
  // The control proves nothing: it gets as long as the bound.
  if (scene.options.contestant === 'naive') await pause(scene.options.boundMs);
  else if (!(await untilTrusted(scene, restedMs))) return ['the last write was never proved'];
  const versions = await settleCommits(scene.pool, scene.commits);
  const survivors: string[] = [];
  for (const instance of scene.instances) {
    const answers = await instance.child.ask<number[]>({ kind: 'survey' });
    for (const [key, answer] of answers.entries()) {
      if (answer === versions[key]) continue;
      survivors.push(
        `survivor: instance ${instance.slot} answers ${answer} for row ${key}, not ${versions[key]}`,
      );
    }
  }
  return survivors;
}

interface Judged {
  readonly verdict: Verdict;
  readonly failures: readonly Failure[];
  readonly loads: number;
  readonly mostLoads: number;
  readonly extraLoads: number;
  readonly lostCommits: number;
}

/** Judges what was recorded since the last row, and forgets it. */
async function takeHistory(scene: Scene, loss: Loss | undefined): Promise<Judged> {
  await askAll(scene, { kind: 'rest', readers: true });
  const taken = await Promise.all(scene.instances.map((instance) => instance.take()));
  const { commits, options } = scene;
  const instances = taken.flatMap(({ logs }) => logs);
  const verdict = judge({ commits, instances, boundMs: options.boundMs, loss });
  const lostCommits = commits.lostCount;
  commits.forget();
  return {
    verdict,
    failures: taken.flatMap(({ failures }) => failures),
    loads: taken.reduce((sum, { loads }) => sum + loads, 0),
    mostLoads: Math.max(...taken.map(({ mostLoads }) => mostLoads)),
    extraLoads: taken.reduce((sum, { extraLoads }) => sum + extraLoads, 0),
    lostCommits,
  };
}

function describe({ key, reason }: Failure): string {
  return `a read of row ${key} failed: ${reason}`;
}
