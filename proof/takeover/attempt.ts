// One takeover: the working process is lost at a moment that chance picks within a period, another one takes over, the
// lost one comes back. Measures; the judging of what was read meanwhile is row.ts's.
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@tidemark/devstack';
import type { Commit } from '../chaos/judge/commits.ts';
import type { SeededRandom } from '../chaos/seeded-random.ts';
import { sharedMs } from '../chaos/shared-clock.ts';
import { type Contender, type Environment, ownerOf, untilSettled } from './contender.ts';
import type { TakeoverFault } from './faults.ts';
import type { TakeoverScene } from './scene.ts';

export interface Attempt {
  /** From the loss to the first round that another process has done; null: nobody did, within the deadline. */
  readonly takeoverMs: number | null;
  /** The same for the last namespace that was taken over. */
  readonly allMs: number | null;
  /** Of each change committed between the two: from the moment its writer knew to the record that names it. */
  readonly lagsMs: readonly number[];
  /** Such changes that no record named. */
  readonly lost: number;
  readonly generations: number;
}

/** Twenty times what a takeover should take with the longest period that is tried. */
const takeoverWithinMs = 20_000;

/** Records travel, and the last commit of the gap may have been told only now. */
const namedWithinMs = 5_000;

export async function attemptFault(
  scene: TakeoverScene,
  fault: TakeoverFault,
  random: SeededRandom,
): Promise<Attempt> {
  const worker = await findWorker(scene);
  await untilOthersWait(scene, worker);
  await pause(random.between(0, scene.settings.roundEveryMs));
  const attempt = await measure(scene, worker, async (begun) => fault.breaks(worker, begun));
  // What is paused or cut off believes for a while that it still works; what it does then is judged, too.
  await pause(random.between(1, 3) * scene.settings.roundEveryMs);
  await fault.heals(worker);
  await untilSettled(worker);
  return attempt;
}

/** One process is replaced by a new one. @returns undefined where it only stood by: then there is nothing to take over */
export async function attemptReplacement(
  scene: TakeoverScene,
  {
    old,
    fresh,
    environment,
  }: { readonly old: Contender; readonly fresh: Contender; readonly environment: Environment },
): Promise<Attempt | undefined> {
  await fresh.start(environment);
  const worker = await findWorker(scene);
  if (old !== worker) {
    await old.leave(() => undefined);
    return undefined;
  }
  return measure(scene, old, (begun) => old.leave(begun));
}

/** Loses the worker and waits until another one has done a round, and has named what was committed until then. */
async function measure(
  scene: TakeoverScene,
  worker: Contender,
  lose: (begun: () => void) => Promise<unknown>,
): Promise<Attempt> {
  const { witness } = scene;
  const { generation: before, otherGeneration } = witness;
  scene.takeCommits();
  witness.forget();
  let lostMs = sharedMs();
  const losing = lose(() => (lostMs = sharedMs()));
  const taken = await untilTaken(scene, worker, before);
  await losing;
  const untilMs = taken ?? sharedMs();
  // Another process may work in the other namespace, and nothing is lost there then.
  const ownsOther = worker.voice.generations.has(otherGeneration);
  const otherMs = ownsOther
    ? await untilFound(() => witness.firstOtherRoundAfter(otherGeneration)?.atMs)
    : untilMs;
  const commits = scene.takeCommits().filter(({ knownMs }) => knownMs >= lostMs && knownMs <= untilMs);
  const lagsMs = await lagsOf(scene, commits);
  return {
    takeoverMs: taken === undefined ? null : taken - lostMs,
    allMs: otherMs === undefined ? null : Math.max(otherMs, untilMs) - lostMs,
    lagsMs,
    lost: commits.length - lagsMs.length,
    generations: witness.generation - before,
  };
}

async function untilTaken(
  scene: TakeoverScene,
  worker: Contender,
  before: number,
): Promise<number | undefined> {
  const found = await untilFound(() => scene.witness.firstRoundAfter(before));
  if (found === undefined) return undefined;
  const owner = await ownerOf([...scene.contenders, scene.spare], found.generation);
  return owner === worker ? undefined : found.atMs;
}

/** @returns undefined when it was not found within the deadline */
async function untilFound<T>(find: () => T | undefined): Promise<T | undefined> {
  await until(() => find() !== undefined, {
    what: 'another process to take over',
    deadlineMs: takeoverWithinMs,
    everyMs: 2,
  }).catch(() => undefined);
  return find();
}

async function lagsOf({ witness }: TakeoverScene, commits: readonly Commit[]): Promise<readonly number[]> {
  const lags = (): number[] =>
    commits.flatMap(({ key, begunMs, knownMs }) => {
      // From the beginning: a record can be faster than the answer that the writer waits for.
      const namedMs = witness.namedMs(key, begunMs);
      return namedMs === undefined ? [] : [Math.max(0, namedMs - knownMs)];
    });
  await until(() => lags().length === commits.length, {
    what: 'a record for each change',
    deadlineMs: namedWithinMs,
    everyMs: 20,
  }).catch(() => undefined);
  return lags();
}

async function findWorker(scene: TakeoverScene): Promise<Contender> {
  const owner = await ownerOf([...scene.contenders, scene.spare], scene.witness.generation);
  if (owner === undefined) {
    throw new Error(`nobody has said that it opened generation ${scene.witness.generation}`);
  }
  return owner;
}

async function untilOthersWait(scene: TakeoverScene, worker: Contender): Promise<void> {
  const others = scene.contenders.filter((one) => one !== worker && one.isRunning);
  await until(() => others.every(({ voice }) => voice.state === 'standby'), {
    what: 'the others to stand by',
    deadlineMs: takeoverWithinMs,
    everyMs: 5,
  });
}
