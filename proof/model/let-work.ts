// Parts of a world that do all that is due, in turn, while everything else stands still. A walk settles down with it, and a
// schedule is written with it: `work 600 i0 s0/tidemark-engine` lets an instance and one connection of a sidecar work for
// 600 ms. What a process does is named `queries`, `timers`, or by its connection.
import { perform } from './actions.ts';
import { boundMs, type ModelProcess } from './model-process.ts';
import type { World } from './world.ts';

/** Turns without time passing; the work of one moment ends by itself unless something runs in circles. */
const maxTurns = 500;

type IsChosen = (process: string, what: string) => boolean;

function chosenBy(parts: readonly string[]): IsChosen {
  return (process, what) => parts.includes(process) || parts.includes(`${process}/${what}`);
}

/** @param words how many milliseconds, then the parts: `i0`, or `i0/tidemark-listener` */
export async function letWork(world: World, [forMs = '0', ...parts]: readonly string[]): Promise<void> {
  const isChosen = chosenBy(parts);
  const endMs = world.time.nowMs + Number(forMs);
  while (world.oracle.violation === undefined) {
    await workUntilIdle(world, isChosen);
    const leftMs = endMs - world.time.nowMs;
    if (leftMs <= 0) return;
    const timers = [...world.processes.values()].filter(({ name }) => isChosen(name, 'timers'));
    world.time.nowMs += Math.min(leftMs, untilTimerMs(timers));
  }
}

/** @returns how long until one of the processes has something to do by itself, at least 1 */
export function untilTimerMs(processes: Iterable<ModelProcess>): number {
  const waits = [...processes].map(({ clock }) => clock.untilNextMs ?? boundMs);
  return Math.max(1, Math.min(boundMs, ...waits));
}

export async function workUntilIdle(world: World, isChosen: IsChosen = () => true): Promise<void> {
  for (let turn = 0; turn < maxTurns; turn += 1) {
    let isIdle = true;
    for (const process of world.processes.values()) {
      for (const action of dueWork(process, isChosen)) {
        isIdle = false;
        perform(world, action);
        await new Promise((resolve) => setImmediate(resolve));
        for (const instance of world.instances) world.oracle.peekAll(instance);
      }
    }
    if (isIdle) return;
  }
}

function dueWork({ name, connections, link, clock, isAwake }: ModelProcess, isChosen: IsChosen): string[] {
  const work: string[] = [];
  if (!isAwake) return work;
  for (const connection of connections) {
    if (!isChosen(name, connection.name)) continue;
    const part = `${name} ${connection.name}`;
    if (connection.status === 'connecting') work.push(`connect ${part}`);
    if (connection.unserved.length > 0) work.push(`serve ${part}`);
    if (connection.answers > 0) work.push(`answer ${part}`);
    if (connection.messages > 0) work.push(`hear ${part}`);
  }
  if (link.requests.length > 0 && isChosen(name, 'queries')) work.push(`query ${name} 0`);
  if ((clock.untilNextMs ?? 1) <= 0 && isChosen(name, 'timers')) work.push(`fire ${name}`);
  return work;
}
