// R6: when nothing fails any more, trust returns. Every connection is back, every process awake, every transaction over;
// then all parts do what is due, in turn, until each region has its lease and serves what is committed.
import { perform } from './actions.ts';
import { untilTimerMs, workUntilIdle } from './let-work.ts';
import { boundMs } from './model-process.ts';
import type { World } from './world.ts';

/** Six still periods until a sidecar takes over, and room for a round, two head reads and a late reconnect. */
const patienceMs = 15 * boundMs;

export async function settleDown(world: World): Promise<void> {
  healAll(world);
  const deadlineMs = world.time.nowMs + patienceMs;
  while (world.oracle.violation === undefined) {
    await workUntilIdle(world);
    enableTriggers(world);
    if (isSettled(world)) return;
    if (world.time.nowMs >= deadlineMs) {
      world.oracle.report({ promise: 'R6', text: describeUnsettled(world) });
      return;
    }
    world.time.nowMs += untilTimerMs(world.processes.values());
  }
}

function healAll(world: World): void {
  world.heal();
  world.late = [];
  for (const [name, process] of world.processes) {
    perform(world, `resume ${name}`);
    perform(world, `wake ${name}`);
    for (const connection of process.connections) if (connection.redis !== world.redis) connection.cut();
  }
  world.late = [];
  while (world.foreign.length > 0) perform(world, 'commit 0');
  perform(world, 'acknowledge');
  for (const name of world.names) perform(world, `start ${name}`);
}

/** Again and again: it waits for the transactions of the instances. */
function enableTriggers(world: World): void {
  for (const { name } of world.tables) {
    if (!world.database.isTriggered(name)) perform(world, `enable-trigger ${name}`);
  }
}

function unsettled(world: World): string[] {
  return world.instances.flatMap(({ name, cache }) =>
    cache
      .status()
      .regions.filter(({ lease, name: region }) => lease === 'none' && region !== 'plain')
      .map(({ name: region, problem }) => `${region} on ${name}: ${problem ?? 'the tidemark is too old'}`),
  );
}

function isSettled(world: World): boolean {
  if (unsettled(world).length > 0) return false;
  return world.instances.every(({ regions }) =>
    world.regions.every(({ name, reads, keys, hasJournal }) =>
      keys.every((key) => {
        const value = hasJournal ? regions.get(name)?.peek(key) : undefined;
        return value === undefined || value === world.history.value(`${reads}/${key}`);
      }),
    ),
  );
}

function describeUnsettled(world: World): string {
  return `${patienceMs} ms after the last fault there is no lease for ${unsettled(world).join(', ') || 'nothing, but an old value is served'}`;
}
