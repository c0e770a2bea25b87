// What a scene under load has recorded, and how it is brought to rest: readers and writers are stopped, the last write is
// proved, every answer is compared with the database, the history is judged and forgotten.
import { until } from '@tidemark/devstack';
import { setTimeout as pause } from 'node:timers/promises';
import { judge, type Loss, type Verdict } from './judge/judge.ts';
import type { Failure, Question } from './parts/messages.ts';
import { type Scene, settleCommits } from './parts/scene.ts';
import { sharedMs } from './shared-clock.ts';

/** The parts of a scene that carry the load and record it. */
export type LoadedScene = Pick<Scene, 'options' | 'instances' | 'writer' | 'commits' | 'pool'>;

const trustWithinMs = 30_000;

export async function askAll(scene: LoadedScene, question: Question): Promise<void> {
  await Promise.all(
    [scene.writer, ...scene.instances.map(({ child }) => child)].map((child) => child.ask(question)),
  );
}

export async function countResets(scene: LoadedScene): Promise<number> {
  const statuses = await Promise.all(scene.instances.map((instance) => instance.status()));
  return statuses.reduce((sum, { resets }) => sum + resets, 0);
}

/** R6: a lease, and a tidemark from after the fault. */
export async function untilTrusted(scene: LoadedScene, healedMs: number): Promise<boolean> {
  return isTrueSoon(scene, async () => {
    const statuses = await Promise.all(scene.instances.map((instance) => instance.status()));
    return statuses.every(
      ({ isReady, provedMs }) =>
        isReady && (scene.options.contestant === 'naive' || (provedMs !== null && provedMs > healedMs)),
    );
  });
}

async function isTrueSoon(scene: LoadedScene, condition: () => Promise<boolean>): Promise<boolean> {
  try {
    await until(condition, { what: 'trust', deadlineMs: trustWithinMs, everyMs: 20 });
    return true;
  } catch (error) {
    if (scene.instances.some(({ child }) => child.hasExited)) throw error;
    return false;
  }
}

/** R2: once the last write is proved, nothing older is answered by anybody. */
export async function findSurvivors(scene: LoadedScene): Promise<string[]> {
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

export interface Judged {
  readonly verdict: Verdict;
  readonly failures: readonly Failure[];
  readonly loads: number;
  readonly mostLoads: number;
  readonly extraLoads: number;
  readonly lostCommits: number;
}

/** Judges what was recorded since the last row, and forgets it. */
export async function takeHistory(scene: LoadedScene, loss: Loss | undefined): Promise<Judged> {
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

export function describeFailure({ key, reason }: Failure): string {
  return `a read of row ${key} failed: ${reason}`;
}
