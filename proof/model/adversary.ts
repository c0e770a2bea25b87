// Chooses what happens next. Every walk draws which faults it has and how slow each part is, because a world in which
// everything fails at once never gets anywhere: races need some parts to run well while others stand still.
import type { Dice } from './dice.ts';
import { boundMs, keyPrefix } from './model-process.ts';
import type { World } from './world.ts';

export const faults = [
  'cut',
  'kill',
  'kill sidecars',
  'messages',
  'pause',
  'suspend',
  'wall clock',
  'flush',
  'evict',
  'trim',
  'fail over Redis',
  'stray master',
  'replica',
  'triggers',
  'restart database',
  'fail over database',
  'prune',
  'bulk',
  'failing queries',
  'stall',
  'own writes',
  'words of leaving',
] as const;

export type Fault = (typeof faults)[number];

interface Choice {
  readonly action: string;
  readonly weight: number;
}

/** Steps after which every part draws a new speed. */
const moodSteps = 80;

export class Adversary {
  readonly #dice: Dice;
  readonly #faults: ReadonlySet<Fault>;
  #speeds = new Map<string, number>();
  #steps = 0;

  constructor(dice: Dice, faults: ReadonlySet<Fault>) {
    this.#dice = dice;
    this.#faults = faults;
  }

  next(world: World): string {
    this.#steps += 1;
    if (this.#steps % moodSteps === 0) this.#speeds = new Map();
    const choices: Choice[] = [];
    this.#progress(world, choices);
    this.#time(world, choices);
    this.#applications(world, choices);
    this.#foreign(world, choices);
    if (this.#dice.isBelow(0.3)) {
      this.#networkFaults(world, choices);
      this.#serverFaults(world, choices);
      this.#processFaults(world, choices);
    }
    const weights = choices.map(({ weight }) => weight);
    return this.#dice.weighed(choices, weights).action;
  }

  #has(fault: Fault): boolean {
    return this.#faults.has(fault);
  }

  /** Most parts are quick, some are slow, a few almost stand still. */
  #speed(part: string): number {
    const known = this.#speeds.get(part);
    if (known !== undefined) return known;
    const drawn = this.#dice.isBelow(0.75) ? 1 : 10 ** (-2.5 * this.#dice.next());
    this.#speeds.set(part, drawn);
    return drawn;
  }

  /** What a world without faults would do. */
  #progress(world: World, choices: Choice[]): void {
    for (const [name, { clock, connections, link, isAwake }] of world.processes) {
      for (const connection of connections) {
        const part = `${name} ${connection.name}`;
        if (connection.unserved.length > 0) {
          choices.push({ action: `serve ${part}`, weight: 10 * this.#speed(`to ${part}`) });
        }
        if (!isAwake) continue;
        if (connection.status === 'connecting') this.#connect(world, part, choices);
        if (connection.answers > 0) {
          choices.push({ action: `answer ${part}`, weight: 10 * this.#speed(`from ${part}`) });
        }
        if (connection.messages > 0) {
          choices.push({ action: `hear ${part}`, weight: 10 * this.#speed(`from ${part}`) });
        }
      }
      for (const [index, { name: query, isServed }] of link.requests.entries()) {
        if (isServed && !isAwake) continue;
        const part = isServed ? `from ${name} ${query}` : `to ${name} ${query}`;
        choices.push({ action: `query ${name} ${index}`, weight: 10 * this.#speed(part) });
      }
      const { untilNextMs } = clock;
      if (isAwake && untilNextMs !== undefined && untilNextMs <= 0) {
        choices.push({ action: `fire ${name}`, weight: 10 * this.#speed(`timers ${name}`) });
      }
    }
  }

  #connect(world: World, part: string, choices: Choice[]): void {
    choices.push({ action: `connect ${part}`, weight: 4 * this.#speed(`connect ${part}`) });
    if (world.stray !== undefined) choices.push({ action: `connect ${part} stray`, weight: 2 });
    if (world.replica !== undefined && part.endsWith('tidemark-cache')) {
      choices.push({ action: `connect ${part} replica`, weight: 2 });
    }
  }

  /** Time flies when nothing that is quick is left to do. */
  #time(world: World, choices: Choice[]): void {
    const isBusy = choices.some(({ weight }) => weight >= 1);
    let nextMs = boundMs;
    for (const { clock, isAwake } of world.processes.values()) {
      if (isAwake) nextMs = Math.min(nextMs, clock.untilNextMs ?? boundMs);
    }
    const ms = this.#dice.isBelow(0.6) ? Math.max(1, nextMs) : 1 + this.#dice.below(60);
    choices.push({ action: `time ${Math.ceil(ms)}`, weight: isBusy ? 0.3 : 6 });
    if (this.#has('stall')) {
      choices.push({ action: `time ${200 + this.#dice.below(boundMs - 200)}`, weight: isBusy ? 0.1 : 0.3 });
    }
  }

  #applications(world: World, choices: Choice[]): void {
    if (world.instances.length === 0) return;
    const { name, isAwake } = this.#dice.pick(world.instances);
    if (!isAwake) return;
    const region = this.#dice.pick(world.regions);
    const target = `${name} ${region.name} ${this.#dice.pick(region.keys)}`;
    choices.push(
      { action: `read ${target}`, weight: 1.5 },
      { action: `read-many ${name} ${region.name} ${region.keys.join(' ')}`, weight: 0.4 },
      { action: `read-fresh ${target}`, weight: 0.05 },
    );
    if (!this.#has('own writes')) return;
    choices.push(
      { action: `write ${target}`, weight: 0.4 },
      { action: `invalidate ${target}`, weight: 0.05 },
    );
    if (this.#has('bulk')) choices.push({ action: `invalidate ${name} ${region.name} *`, weight: 0.05 });
  }

  #foreign(world: World, choices: Choice[]): void {
    const { name, keys } = this.#dice.pick(world.tables);
    if (world.foreign.length < 3) {
      choices.push({ action: `change ${name} ${this.#dice.pick(keys)}`, weight: 0.4 });
      if (this.#has('bulk')) choices.push({ action: `change ${name} *`, weight: 0.15 });
    }
    for (const [index, { xid }] of world.foreign.entries()) {
      choices.push({ action: `commit ${index}`, weight: this.#speed(`commit ${xid}`) });
      if (this.#has('failing queries')) choices.push({ action: `roll-back ${index}`, weight: 0.1 });
    }
    if (world.database.unacknowledged > 0) {
      choices.push({ action: 'acknowledge', weight: this.#has('fail over database') ? 0.2 : 5 });
    }
  }

  #networkFaults(world: World, choices: Choice[]): void {
    const { connections, name } = this.#dice.pick([...world.processes.values()]);
    if (connections.length > 0) {
      const connection = this.#dice.pick(connections);
      const part = `${name} ${connection.name}`;
      if (this.#has('cut') && connection.status === 'ready')
        choices.push({ action: `cut ${part}`, weight: 0.4 });
      if (this.#has('messages') && connection.messages > 0) {
        for (const how of ['lose', 'double', 'swap']) choices.push({ action: `${how} ${part}`, weight: 4 });
      }
    }
    if (world.late.length > 0) {
      choices.push({ action: `late ${this.#dice.below(world.late.length)}`, weight: 1 });
    }
    // A lie, mostly: the publisher of the head is still there.
    if (world.hasRedis && this.#has('words of leaving')) {
      for (const { namespace } of world.tables) {
        choices.push({ action: `say-left ${namespace}`, weight: 0.4 });
      }
    }
    const { link } = this.#dice.pick([...world.processes.values()]);
    if (this.#has('failing queries') && link.requests.length > 0) {
      choices.push({ action: `fail-query ${name} ${this.#dice.below(link.requests.length)}`, weight: 0.5 });
    }
  }

  #serverFaults(world: World, choices: Choice[]): void {
    const namespace = this.#dice.pick(world.tables).namespace;
    const base = `${keyPrefix}:tidemark:${namespace}`;
    const offer = (fault: Fault, action: string, weight: number): void => {
      if (this.#has(fault)) choices.push({ action, weight });
    };
    if (world.hasRedis) {
      offer('flush', 'flush', 0.05);
      offer('trim', `trim ${base}:log ${this.#dice.below(2)}`, 0.3);
      const key = this.#dice.pick(['head', 'log', 'cursor', 'watch']);
      offer('evict', `evict ${base}:${key}`, 0.15);
      const copy = this.#dice.below(world.copies.length + 1);
      offer('fail over Redis', `fail-over-redis ${copy} dead`, 0.15);
      offer('replica', `add-replica ${copy}`, world.replica === undefined ? 0.3 : 0.05);
      if (world.stray !== undefined) offer('stray master', 'heal', 0.3);
      else {
        offer('stray master', `fail-over-redis ${copy} alive`, 0.2);
        offer('stray master', 'split', 0.2);
      }
    }
    const { name } = this.#dice.pick(world.tables);
    const isTriggered = world.database.isTriggered(name);
    offer('triggers', `${isTriggered ? 'disable' : 'enable'}-trigger ${name}`, isTriggered ? 0.15 : 0.6);
    offer('restart database', 'restart-database', 0.05);
    offer('fail over database', 'fail-over-database', 0.2);
    offer('prune', 'prune', 0.6);
  }

  #processFaults(world: World, choices: Choice[]): void {
    for (const name of world.names) {
      if (!world.processes.has(name)) choices.push({ action: `start ${name}`, weight: 0.4 });
    }
    const process = this.#dice.pick([...world.processes.values()]);
    const { name, clock, isPaused } = process;
    const isSidecar = name.startsWith('s');
    const isKillable = this.#has('kill') || (isSidecar && this.#has('kill sidecars'));
    if (isKillable && world.processes.size > 1)
      choices.push({ action: `kill ${name}`, weight: isSidecar ? 0.3 : 0.1 });
    if (isPaused) choices.push({ action: `resume ${name}`, weight: 0.5 });
    else if (this.#has('pause')) choices.push({ action: `pause ${name}`, weight: 0.15 });
    if (clock.isSuspended) choices.push({ action: `wake ${name}`, weight: 0.5 });
    else if (this.#has('suspend')) choices.push({ action: `suspend ${name}`, weight: 0.15 });
    if (this.#has('wall clock')) {
      choices.push({ action: `set-wall-back ${name} ${500 + this.#dice.below(5_000)}`, weight: 0.15 });
    }
  }
}
