// A process of the model: its clocks, its connections, and in it the real product, assembled through its public API. An
// instance runs a cache; a sidecar runs an engine; without Redis, and embedded, an instance runs both.
import { type Cache, createCache, type Region } from '@tidemark/cache';
import { createEngine, type RunningEngine } from '@tidemark/engine';
import { Redis } from 'ioredis';
import { DatabaseLink } from './database-link.ts';
import type { DatabaseModel, Transaction } from './database-model.ts';
import { type LateCommand, ModelConnection } from './model-connection.ts';
import { ProcessClock, type WorldTime } from './process-clock.ts';
import type { RedisModel } from './redis-model.ts';
import type { Scripts } from './redis-scripts.ts';

/** The first part of every Redis key of the model. */
export const keyPrefix = 'm';

/** R1's B in the model, and the longest round period that it allows. */
export const boundMs = 2_000;
const roundEveryMs = 500;

/** Far longer than the default, so that an answer of L2 may be late: the promises do not depend on it. */
const redisTimeoutMs = 900;

export interface ModelRegion {
  readonly name: string;
  /** The table that its loader reads. */
  readonly reads: string;
  readonly keys: readonly string[];
  readonly namespace: string;
  readonly hasJournal: boolean;
}

export interface ProcessHost {
  readonly time: WorldTime;
  readonly database: DatabaseModel;
  readonly scripts: Scripts;
  readonly weakness: string | undefined;
  readonly onServed: (redis: RedisModel, command: string) => void;
  readonly onLate: (late: LateCommand) => void;
}

/** Hands its own kind of connection to whoever asks for a copy of it: that is how the product connects. */
class ModelRedisOption extends Redis {
  readonly #open: (options: object) => ModelConnection;

  constructor(open: (options: object) => ModelConnection) {
    super({ lazyConnect: true });
    this.#open = open;
  }

  override duplicate(options: object = {}): Redis {
    // What the product calls of a client, ModelConnection has.
    return this.#open(options) as unknown as Redis;
  }
}

export class ModelProcess {
  readonly name: string;
  /** Another one for each life of a name. */
  readonly id: string;
  readonly clock: ProcessClock;
  readonly link: DatabaseLink;
  readonly connections: ModelConnection[] = [];
  isPaused = false;
  readonly #redisOption: Redis;

  constructor(name: string, host: ProcessHost) {
    this.name = name;
    this.id = `${name}@${host.time.nowMs}`;
    this.clock = new ProcessClock(host.time);
    this.link = new DatabaseLink(host.database);
    const { scripts, weakness, onServed, onLate } = host;
    this.#redisOption = new ModelRedisOption((options) => {
      const connection = new ModelConnection(
        { clock: this.clock, scripts, weakness, onServed, onLate },
        options,
      );
      this.connections.push(connection);
      return connection;
    });
  }

  get redisOption(): Redis {
    return this.#redisOption;
  }

  /** Whether it can do anything now: a stopped process neither hears nor reads. */
  get isAwake(): boolean {
    return !this.isPaused && !this.clock.isSuspended;
  }
}

export interface InstanceSetup {
  readonly regions: readonly ModelRegion[];
  readonly hasRedis: boolean;
  /** With Redis: it runs the rounds of its namespaces itself, unless another instance does. */
  readonly isEmbedded: boolean;
  readonly hasSmallL1: boolean;
}

export class Instance extends ModelProcess {
  readonly cache: Cache;
  readonly regions: Map<string, Region<number>> = new Map();
  /** Open ones of its own writes; they end with the process. */
  readonly transactions: Set<Transaction> = new Set();

  constructor(name: string, host: ProcessHost, setup: InstanceSetup) {
    super(name, host);
    this.cache = createCache({
      keyPrefix,
      clock: this.clock,
      random: () => 0.5,
      // Nothing that is served depends on it, and each of its steps would be one that finds nothing.
      isAnnounced: false,
      ...(setup.hasRedis ? { redis: this.redisOption, redisTimeout: redisTimeoutMs } : {}),
      ...(setup.hasRedis && !setup.isEmbedded
        ? { journal: this.link.journal() }
        : { engine: newEngine(this) }),
    });
    for (const { name: region, reads, namespace, hasJournal } of setup.regions) {
      const made = this.cache.region<number>({
        name: region,
        namespace,
        ...(hasJournal ? { table: reads } : {}),
        ttl: '1h',
        ...(setup.hasSmallL1 ? { maxEntries: 1 } : {}),
        maxStaleness: boundMs,
        load: (key) =>
          this.link.ask(`load ${region} ${key}`, (database) => database.valueOf(`${reads}/${key}`)),
        loadMany: (keys) =>
          this.link.ask(
            `load ${region} ${keys.join(' ')}`,
            (database) => new Map(keys.map((key) => [key, database.valueOf(`${reads}/${key}`)])),
          ),
      });
      this.regions.set(region, made);
    }
  }
}

export class Sidecar extends ModelProcess {
  readonly engine: RunningEngine;

  constructor(name: string, host: ProcessHost) {
    super(name, host);
    this.engine = newEngine(this);
    this.engine.start({ redis: this.redisOption, keyPrefix });
  }
}

function newEngine(process: ModelProcess): RunningEngine {
  return createEngine({
    journal: process.link.journal(),
    roundEvery: roundEveryMs,
    // The world prunes when it likes.
    pruneEvery: '1d',
    clock: process.clock,
  });
}
