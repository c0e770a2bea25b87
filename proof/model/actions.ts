// Everything that may happen next in a world, as words, so that a walk can be written down, taken again and shortened:
// `serve s0.tidemark-engine`, `commit 0`, `time 250`. An action that is not possible (any more) does nothing.
import { formatHint, namespaceKeys } from '@tidemark/protocol';
import type { Transaction } from './database-model.ts';
import type { ModelConnection } from './model-connection.ts';
import { Instance, keyPrefix, type ModelRegion } from './model-process.ts';
import type { World } from './world.ts';

type Perform = (world: World, words: readonly string[]) => void;

function connectionOf(world: World, [process = '', name]: readonly string[]): ModelConnection | undefined {
  return world.processes.get(process)?.connections.find((connection) => connection.name === name);
}

const onConnection =
  (act: (connection: ModelConnection, world: World, how: string | undefined) => void): Perform =>
  (world, words) => {
    const connection = connectionOf(world, words);
    if (connection !== undefined) act(connection, world, words[2]);
  };

function attach(connection: ModelConnection, world: World, where: string | undefined): void {
  const redis = where === 'stray' ? world.stray : where === 'replica' ? world.replica : world.redis;
  if (redis !== undefined) connection.connect(redis);
}

interface Target {
  readonly instance: Instance;
  readonly region: ModelRegion;
  readonly key: string;
}

const onRegion =
  (act: (target: Target, world: World) => void): Perform =>
  (world, [name = '', regionName, key = '']) => {
    const instance = world.processes.get(name);
    const region = world.regions.find((one) => one.name === regionName);
    if (instance instanceof Instance && region !== undefined) act({ instance, region, key }, world);
  };

function read({ instance, region, key }: Target, world: World, isFresh: boolean): void {
  const begun = world.oracle.begin({ instance, region, key, isFresh });
  const answer = instance.regions.get(region.name)?.get(key, { fresh: isFresh });
  answer?.then(
    (value) => {
      if (value !== null && world.processes.get(instance.name) === instance) world.oracle.judge(begun, value);
    },
    // R1 lets a read fail.
    () => {},
  );
}

function readMany(world: World, [name = '', regionName, ...keys]: readonly string[]): void {
  const instance = world.processes.get(name);
  const region = world.regions.find((one) => one.name === regionName);
  if (!(instance instanceof Instance) || region === undefined) return;
  const begun = keys.map((key) => world.oracle.begin({ instance, region, key, isFresh: false }));
  const answer = instance.regions.get(region.name)?.getMany(keys);
  answer?.then(
    (values) => {
      if (world.processes.get(name) !== instance) return;
      for (const [index, one] of begun.entries()) {
        const value = values[index];
        if (typeof value === 'number') world.oracle.judge(one, value);
      }
    },
    () => {},
  );
}

function write({ instance, region, key }: Target, world: World): void {
  const { link } = instance;
  const change = async (): Promise<void> => {
    let transaction: Transaction | undefined;
    try {
      await link.ask('write', (database) => {
        transaction = database.write(region.reads, [key]);
        if (transaction !== undefined) instance.transactions.add(transaction);
      });
      await link.ask(
        'commit',
        (database) => transaction && database.commit(transaction),
        () => world.database.acknowledge(),
      );
    } finally {
      // The session is gone, and with it what it had not committed; also when nobody heard that it had begun.
      if (transaction !== undefined) {
        world.database.rollBack(transaction);
        instance.transactions.delete(transaction);
      }
    }
  };
  const isOver = (): void => {
    if (world.processes.get(instance.name) === instance) world.oracle.onWritten(instance, region, key);
  };
  instance.regions.get(region.name)?.write(key, change).then(isOver, isOver);
}

function foreign(world: World, index: string | undefined): Transaction | undefined {
  return world.foreign.splice(Number(index), 1)[0];
}

function invalidate({ instance, region, key }: Target): void {
  const handle = instance.regions.get(region.name);
  const call = key === '*' ? handle?.invalidateAll() : handle?.invalidate(key);
  call?.catch(() => {});
}

const performers: Readonly<Record<string, Perform>> = {
  // Time and processes.
  time: (world, [ms]) => (world.time.nowMs += Number(ms)),
  fire: (world, [name = '']) => world.processes.get(name)?.clock.fire(),
  pause: (world, [name = '']) => setPaused(world, name, true),
  resume: (world, [name = '']) => setPaused(world, name, false),
  suspend: (world, [name = '']) => world.processes.get(name)?.clock.suspend(),
  wake: (world, [name = '']) => world.processes.get(name)?.clock.wakeUp(),
  'set-wall-back': (world, [name = '', ms]) => world.processes.get(name)?.clock.setWallBack(Number(ms)),
  kill: (world, [name = '']) => world.kill(name),
  start: (world, [name = '']) => {
    if (!world.processes.has(name)) world.start(name);
  },
  // The network between processes and Redis.
  serve: onConnection((connection) => connection.serve()),
  answer: onConnection((connection) => connection.answer()),
  connect: onConnection(attach),
  cut: onConnection((connection) => connection.cut()),
  hear: onConnection((connection) => connection.deliver('once')),
  lose: onConnection((connection) => connection.deliver('never')),
  double: onConnection((connection) => connection.deliver('twice')),
  swap: onConnection((connection) => connection.deliver('after the next')),
  'say-left': (world, [namespace = '']) => {
    const { head, hints } = namespaceKeys(keyPrefix, namespace);
    const headText = world.redis.get(head);
    if (headText !== null) world.redis.publish(hints, formatHint({ kind: 'leaving', head: headText }));
  },
  late: (world, [index]) => world.late.splice(Number(index), 1)[0]?.run(),
  // Redis itself.
  flush: (world) => world.redis.flush(),
  evict: (world, [key = '']) => world.redis.unlink([key]),
  trim: (world, [key = '', length]) => world.redis.trim(key, Number(length)),
  'fail-over-redis': (world, [copy, old]) => world.failOver(Number(copy), old === 'alive'),
  split: (world) => world.split(),
  heal: (world) => world.heal(),
  'add-replica': (world, [copy]) => world.addReplica(Number(copy)),
  // The database, and writers that know nothing of Tidemark.
  query: (world, [name = '', index]) => world.processes.get(name)?.link.advance(Number(index)),
  'fail-query': (world, [name = '', index]) => world.processes.get(name)?.link.fail(Number(index)),
  change: (world, [table = '', key = '']) => {
    const transaction = world.database.write(table, key === '*' ? null : [key]);
    if (transaction !== undefined) world.foreign.push(transaction);
  },
  commit: (world, [index]) => {
    const transaction = foreign(world, index);
    if (transaction !== undefined) world.database.commit(transaction);
  },
  'roll-back': (world, [index]) => {
    const transaction = foreign(world, index);
    if (transaction !== undefined) world.database.rollBack(transaction);
  },
  acknowledge: (world) => world.database.acknowledge(),
  'disable-trigger': (world, [table = '']) => world.database.setTrigger(table, false),
  'enable-trigger': (world, [table = '']) => world.database.setTrigger(table, true),
  prune: (world) => world.database.prune(),
  'restart-database': (world) => restartDatabase(world, () => world.database.restart()),
  'fail-over-database': (world) => restartDatabase(world, () => world.database.failOver()),
  // What applications do.
  read: onRegion((target, world) => read(target, world, false)),
  'read-fresh': onRegion((target, world) => read(target, world, true)),
  'read-many': readMany,
  write: onRegion(write),
  invalidate: onRegion(invalidate),
};

function setPaused(world: World, name: string, isPaused: boolean): void {
  const process = world.processes.get(name);
  if (process !== undefined) process.isPaused = isPaused;
}

function restartDatabase(world: World, restart: () => void): void {
  restart();
  world.foreign.length = 0;
  for (const { link } of world.processes.values()) link.failAll();
}

export function perform(world: World, action: string): void {
  const [verb = '', ...words] = action.split(' ');
  const performer = performers[verb];
  if (performer === undefined) throw new Error(`there is no action "${verb}"`);
  performer(world, words);
}
