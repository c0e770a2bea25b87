// A whole small deployment: two instances and two sidecars that are the real product, and between them a database, a
// Redis (which may have a past, a replica and a stray twin) and a network that are models. Nothing moves by itself:
// actions.ts says what may happen next, and a walk decides.
import { DatabaseModel, type Table, type Transaction } from './database-model.ts';
import type { LateCommand, ModelConnection } from './model-connection.ts';
import {
  Instance,
  keyPrefix,
  type ModelProcess,
  type ModelRegion,
  type ProcessHost,
  Sidecar,
} from './model-process.ts';
import { Oracle } from './oracle.ts';
import type { WorldTime } from './process-clock.ts';
import { RedisModel } from './redis-model.ts';
import type { Scripts } from './redis-scripts.ts';
import { RowHistory } from './row-history.ts';

export interface WorldOptions {
  readonly scripts: Scripts;
  readonly weakness: string | undefined;
  /** Without Redis, each instance runs rounds for itself. */
  readonly hasRedis: boolean;
  readonly sidecars: number;
  /** Rounds run in the instances, which take turns by compare-and-set; there are no sidecars then. */
  readonly isEmbedded: boolean;
  /** One entry per region: what was read last drives out what was read before, so that L2 is asked often. */
  readonly hasSmallL1: boolean;
  /** Whether the second table has a head, a log and a cursor of its own. */
  readonly hasTwoNamespaces: boolean;
  /** Whether the watch knows the regions' prefixes from the start. */
  readonly knowsPrefixes: boolean;
}

/** Copies of Redis that a failover may fall back to. */
const maxCopies = 8;

export class World {
  readonly time: WorldTime = { nowMs: 10_000 };
  readonly regions: readonly ModelRegion[];
  readonly tables: readonly Table[];
  readonly history: RowHistory;
  readonly database: DatabaseModel;
  readonly oracle: Oracle;
  readonly processes: Map<string, ModelProcess> = new Map();
  /** Where new connections lead. */
  redis: RedisModel = new RedisModel();
  /** A second server that takes itself for the master: an old one behind a partition, or one promoted by mistake. */
  stray: RedisModel | undefined;
  replica: RedisModel | undefined;
  late: LateCommand[] = [];
  /** Transactions that nobody in the model's processes waits for. */
  readonly foreign: Transaction[] = [];
  readonly #options: WorldOptions;
  readonly #host: ProcessHost;
  #copies: RedisModel[] = [];
  #writes = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const second = options.hasTwoNamespaces ? 'second' : 'main';
    this.tables = [
      { name: 't.a', keys: ['x', 'y'], namespace: 'main' },
      { name: 't.b', keys: ['x'], namespace: second },
    ];
    this.regions = [
      { name: 'a', reads: 't.a', keys: ['x', 'y'], namespace: 'main', hasJournal: true },
      { name: 'b', reads: 't.b', keys: ['x'], namespace: second, hasJournal: true },
      { name: 'plain', reads: 't.a', keys: ['x'], namespace: 'main', hasJournal: false },
    ];
    const { time, tables, regions } = this;
    this.history = new RowHistory(
      time,
      tables.flatMap(({ name, keys }) => keys.map((key) => `${name}/${key}`)),
    );
    const prefixes = new Map(
      regions.map(({ name, reads }) => [reads, options.knowsPrefixes ? [`${keyPrefix}:${name}`] : []]),
    );
    prefixes.set('t.a', options.knowsPrefixes ? [`${keyPrefix}:a`] : []);
    const { history } = this;
    const { weakness, scripts } = options;
    this.database = new DatabaseModel({ time, tables, prefixes, history, weakness });
    this.oracle = new Oracle({ time, history, database: this.database, regions });
    this.#host = {
      time,
      database: this.database,
      scripts,
      weakness,
      onServed: (redis, command) => this.#onServed(redis, command),
      onLate: (late) => this.late.push(late),
    };
    for (const name of this.names) this.start(name);
  }

  get hasRedis(): boolean {
    return this.#options.hasRedis;
  }

  get instances(): readonly Instance[] {
    return [...this.processes.values()].filter((process) => process instanceof Instance);
  }

  get connections(): readonly ModelConnection[] {
    return [...this.processes.values()].flatMap(({ connections }) => connections);
  }

  get copies(): readonly RedisModel[] {
    return this.#copies;
  }

  /** Of all processes of this world, the killed ones included. */
  get names(): readonly string[] {
    const { hasRedis, isEmbedded, sidecars } = this.#options;
    return ['i0', 'i1', ...['s0', 's1'].slice(0, hasRedis && !isEmbedded ? sidecars : 0)];
  }

  /** The situation in short, without times and names of values: for counting how many different ones a search saw. */
  describe(): string {
    const parts = this.instances.map((instance) => {
      const { namespaces, regions } = instance.cache.status();
      const leases = regions.map(
        ({ lease, entries, problem }) => `${lease[0]}${entries}${problem?.length ?? ''}`,
      );
      return `${instance.isAwake} ${leases.join()} ${namespaces.map(({ position }) => position === null).join()}`;
    });
    for (const { connections, link, name } of this.processes.values()) {
      for (const { status, unserved, answers, messages, redis } of connections) {
        const server = redis === this.redis ? 'here' : redis === undefined ? 'none' : 'elsewhere';
        parts.push(`${name} ${status} ${unserved.join()} ${answers} ${messages} ${server}`);
      }
      parts.push(link.requests.map(({ name: query, isServed }) => `${query} ${isServed}`).join());
    }
    parts.push(
      `${this.database.running.length} ${this.database.unacknowledged} ${[...this.redis.strings.keys()].length}`,
    );
    return parts.join('|');
  }

  start(name: string): void {
    const { regions } = this;
    const { hasRedis, isEmbedded, hasSmallL1 } = this.#options;
    const isInstance = name.startsWith('i');
    const process = isInstance
      ? new Instance(name, this.#host, { regions, hasRedis, isEmbedded, hasSmallL1 })
      : new Sidecar(name, this.#host);
    this.processes.set(name, process);
  }

  /** kill -9: what it had sent may still arrive, nothing else of it happens. */
  kill(name: string): void {
    const process = this.processes.get(name);
    if (process === undefined) return;
    this.processes.delete(name);
    for (const connection of process.connections) connection.cut();
    if (!(process instanceof Instance)) return;
    for (const transaction of process.transactions) this.database.rollBack(transaction);
  }

  /** Redis falls back to a copy of its past; the old one is gone, or lives on behind a partition. */
  failOver(copy: number, isOldAlive: boolean): void {
    const past = this.#copies[copy];
    if (past === undefined) return;
    const old = this.redis;
    this.redis = new RedisModel(past);
    // What was copied later than this belongs to a history that is over.
    this.#copies = this.#copies.slice(0, copy + 1);
    if (isOldAlive) this.stray = old;
    else this.cutAll(old);
  }

  /** A copy takes itself for the master, beside the real one. */
  split(): void {
    this.stray = new RedisModel(this.redis);
  }

  heal(): void {
    if (this.stray === undefined) return;
    this.cutAll(this.stray);
    this.late = this.late.filter(({ redis }) => redis !== this.stray);
    this.stray = undefined;
  }

  addReplica(copy: number): void {
    const past = this.#copies[copy];
    if (past === undefined) return;
    if (this.replica !== undefined) this.cutAll(this.replica);
    this.replica = new RedisModel(past);
    this.replica.isMaster = false;
  }

  cutAll(redis: RedisModel): void {
    for (const connection of this.connections) if (connection.redis === redis) connection.cut();
  }

  #onServed(redis: RedisModel, command: string): void {
    if (command !== 'runPublish' && command !== 'runTakeover' && command !== 'runFill') return;
    if (redis === this.redis) {
      this.#writes += 1;
      if (this.#writes % 3 === 0) this.#copies = [...this.#copies, new RedisModel(redis)].slice(-maxCopies);
    }
    if (command !== 'runFill') this.oracle.onHeadMoved(redis);
  }
}
