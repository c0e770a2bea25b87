// Looks into Redis once a second for whoever wants to see this deployment: its instances, its namespaces, their records.
// Owns a connection of its own, and takes no part in any round: what fails here is shown, and nothing else.
import {
  announcementNamespace,
  ByNamespace,
  type Clock,
  connectRedis,
  formatPosition,
  layoutOf,
  type LogRecord,
  namespaceKeys,
  reconnect,
  type RedisOption,
  sleep,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { InstanceDirectory, type KnownInstance } from '../instances/instance-directory.ts';
import { readInstances } from '../instances/read-instances.ts';
import { parseRedisInfo, type RedisInfo } from '../redis/redis-info.ts';
import { NamespaceTail } from './namespace-tail.ts';

export interface ObserverOptions {
  readonly redis: RedisOption;
  readonly keyPrefix: string;
  readonly clock: Clock;
  /** The namespaces that the engine serves; those that instances announce come on top. */
  readonly namespaces: () => readonly string[];
  /** After each reading, also one that failed. */
  readonly onReading: () => void;
}

export interface SeenRecord {
  readonly namespace: string;
  readonly record: LogRecord;
  readonly agoMs: number;
}

export interface ObservedNamespace extends Pick<NamespaceTail, 'namespace' | 'head' | 'watch'> {
  /** How long no round was done by anybody; null: nobody has looked yet. */
  readonly stillMs: number | null;
}

export interface Observation {
  /** False while Redis does not answer; the rest is then what was seen last. */
  readonly isHeard: boolean;
  readonly instances: readonly KnownInstance[];
  /** What could not be read of the instances. */
  readonly refused: number;
  readonly namespaces: readonly ObservedNamespace[];
  /** The newest first. */
  readonly records: readonly SeenRecord[];
  /** What the server tells of itself; null while it does not. */
  readonly redis: RedisInfo | null;
}

/** Before the first reading. */
export const nothingSeen: Observation = {
  isHeard: false,
  instances: [],
  refused: 0,
  namespaces: [],
  records: [],
  redis: null,
};

/** What a person can follow. */
const observeEveryMs = 1_000;

/** Without an answer: a command without a connection fails at once. */
const tryAgainMs = 250;

const commandTimeoutMs = 1_000;

/** Readings that failed in a row, after which the connection is given up: the server may be gone without a word. */
const deadReadings = 3;

const maxRecords = 40;

/** INFO is asked for once in so many readings: nobody needs its figures by the second. */
const readingsPerInfo = 10;

/** Instances name their namespaces, and strangers could name any. */
const maxNamespaces = 16;

export class Observer implements Disposable {
  readonly #options: ObserverOptions;
  readonly #redis: ByNamespace<Redis>;
  readonly #directory = new InstanceDirectory();
  readonly #tails = new Map<string, NamespaceTail>();
  readonly #closing = new AbortController();
  #records: { readonly namespace: string; readonly record: LogRecord; readonly atMs: number }[] = [];
  #refused = 0;
  #info: RedisInfo | null = null;
  #readings = 0;
  #failures = 0;
  #isHeard = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    // Whoever looks sees that Redis is gone; the log tells it for the engine already.
    const { redis, keyPrefix } = options;
    const open = (_: string, slotOf: string): Redis =>
      connectRedis(redis, { name: 'tidemark-observer', slotOf, commandTimeoutMs, onError: () => {} });
    this.#redis = new ByNamespace({ layout: layoutOf(redis), keyPrefix, open });
    void this.#run();
  }

  get observation(): Observation {
    const nowMs = this.#options.clock.monotonicMs();
    return {
      isHeard: this.#isHeard,
      instances: this.#directory.list(nowMs),
      refused: this.#refused,
      namespaces: [...this.#tails.values()].map((tail) => {
        const { namespace, head, watch } = tail;
        return { namespace, head, watch, stillMs: tail.stillMs(nowMs) };
      }),
      records: this.#records.map(({ namespace, record, atMs }) => ({
        namespace,
        record,
        agoMs: nowMs - atMs,
      })),
      redis: this.#isHeard ? this.#info : null,
    };
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#read();
        this.#isHeard = true;
        this.#failures = 0;
      } catch {
        this.#lose();
      }
      if (signal.aborted) return;
      this.#options.onReading();
      await sleep(clock, this.#isHeard ? observeEveryMs : tryAgainMs, signal);
    }
  }

  async #read(): Promise<void> {
    const { keyPrefix, clock } = this.#options;
    const { layout } = this.#redis;
    const read = await readInstances({ redis: this.#home, keyPrefix, layout });
    const nowMs = clock.monotonicMs();
    this.#directory.notice(read, nowMs);
    this.#refused = read.refused;
    this.#follow(read.instances.flatMap(({ announcement }) => announcement.namespaces));
    for (const tail of this.#tails.values()) {
      const keys = namespaceKeys(keyPrefix, tail.namespace, layout);
      const records = await tail.read(this.#redis.of(tail.namespace), keys, nowMs);
      for (const record of records.slice(-maxRecords)) {
        this.#records.unshift({ namespace: tail.namespace, record, atMs: nowMs });
      }
    }
    this.#records = this.#records.slice(0, maxRecords);
    if (this.#readings % readingsPerInfo === 0) this.#info = await this.#readInfo();
    this.#readings += 1;
  }

  /** A server may refuse INFO; that is no reason to see nothing else. */
  async #readInfo(): Promise<RedisInfo | null> {
    try {
      return parseRedisInfo(await this.#home.info());
    } catch {
      return null;
    }
  }

  #follow(announced: readonly { readonly namespace: string }[]): void {
    for (const namespace of [...this.#options.namespaces(), ...announced.map((one) => one.namespace)]) {
      if (this.#tails.has(namespace) || this.#tails.size >= maxNamespaces) continue;
      this.#tails.set(namespace, new NamespaceTail(namespace));
    }
  }

  /** Where instances announce themselves. */
  get #home(): Redis {
    return this.#redis.of(announcementNamespace);
  }

  #lose(): void {
    this.#isHeard = false;
    this.#directory.lose();
    this.#failures += 1;
    if (this.#failures < deadReadings) return;
    this.#failures = 0;
    // Where there is no connection, another one is being tried already.
    for (const redis of this.#redis.opened) if (redis.status === 'ready') reconnect(redis);
  }

  close(): void {
    this.#closing.abort();
    for (const redis of this.#redis.opened) redis.disconnect();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What tells a record from every other one of this deployment. */
export function recordId({ namespace, record }: SeenRecord): string {
  return `${namespace} ${formatPosition(record.position)}`;
}
