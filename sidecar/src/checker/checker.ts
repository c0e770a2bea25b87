// Checks the promise where it counts: takes L2 values by chance, compares them with the source, and looks at those that
// differ once more after the bound. What is then still the same value, would still be served, and still differs although
// a whole round was done in between, is a survivor: counted and logged, never shown.
//
//   sample ──(differs)──► wait for the bound ──► look again ──(same value, differs, a round was done)──► stale
//      └──(agrees, or can't be compared)──► counted          └──(anything else)──► was in flight
import { createHash } from 'node:crypto';
import {
  announcementNamespace,
  ByNamespace,
  type Clock,
  connectRedis,
  layoutOf,
  type Logger,
  namespaceKeys,
  type NamespaceKeys,
  type RedisOption,
  sleep,
  type Watch,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { CheckerConfig } from '../config/checker-setting.ts';
import { type RegionKey, regionKeysOf } from '../redis/region-keys.ts';
import { CheckerCounts, type CheckerStatus } from './checker-counts.ts';
import { compareRow, type Comparison } from './compare-row.ts';
import { KeySampler } from './key-sampler.ts';
import type { RowSource } from './row-source.ts';
import { type Sampled, sampleValue } from './sampled-value.ts';

export interface CheckerOptions {
  readonly config: CheckerConfig;
  readonly redis: RedisOption;
  readonly keyPrefix: string;
  readonly rows: RowSource;
  /** What is tracked, as the journal says; while nothing is known nothing is checked. */
  readonly watch: () => Watch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where values are sampled: all of them in one place, on a Cluster those of a namespace in each. */
interface Place {
  readonly redis: Redis;
  readonly sampler: KeySampler;
}

interface Doubt {
  readonly key: string;
  readonly region: RegionKey;
  readonly table: string;
  readonly first: Extract<Sampled, { kind: 'served' }>;
  readonly dueMs: number;
}

/** Values that wait for their second look; each holds its text. */
const maxDoubts = 100;

/** Keys that were logged, so that each is told once. */
const maxLogged = 1_000;

const commandTimeoutMs = 1_000;

export class Checker {
  readonly #options: CheckerOptions;
  readonly #places: ByNamespace<Place>;
  readonly #closing = new AbortController();
  readonly #logged = new Set<string>();
  readonly #counts = new CheckerCounts();
  #doubts: Doubt[] = [];
  #turn = 0;
  readonly #running: Promise<void>;

  constructor(options: CheckerOptions) {
    this.#options = options;
    const { redis, keyPrefix } = options;
    this.#places = new ByNamespace({
      layout: layoutOf(redis),
      keyPrefix,
      open: (namespace, slotOf) => ({
        // The log tells for the engine that Redis is gone.
        redis: connectRedis(redis, { name: 'tidemark-checker', slotOf, commandTimeoutMs, onError: () => {} }),
        sampler: new KeySampler(keyPrefix, this.#keysOf(namespace)),
      }),
    });
    this.#running = this.#run();
  }

  get status(): CheckerStatus {
    return this.#counts.status;
  }

  async #run(): Promise<void> {
    const { clock, config } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(clock, 1_000 / config.perSecond, signal);
      if (signal.aborted) return;
      try {
        await this.#step();
      } catch (error) {
        // Redis is away, or refuses a command: there is nothing to check, and nothing that depends on it.
        this.#options.logger.debug({ reason: String(error) }, 'a key could not be checked');
      }
    }
  }

  /** One look: at the first that is due for its second one, else at another key. */
  async #step(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const [doubt] = this.#doubts;
    if (doubt !== undefined && doubt.dueMs <= nowMs) {
      this.#doubts = this.#doubts.slice(1);
      await this.#lookAgain(doubt);
      return;
    }
    const watch = this.#options.watch();
    if (watch.size === 0) return;
    const { redis, sampler } = this.#placeOfTurn(watch);
    const key = await sampler.next(redis, (name) => regionKeysOf(name, watch).length > 0);
    if (key !== undefined) await this.#look(key, watch);
  }

  /** Each namespace in turn. */
  #placeOfTurn(watch: Watch): Place {
    const namespaces = [...new Set([...watch.values()].map(({ namespace }) => namespace))];
    this.#turn += 1;
    return this.#places.of(namespaces[this.#turn % namespaces.length] ?? announcementNamespace);
  }

  #keysOf(namespace: string): NamespaceKeys {
    const { keyPrefix, redis } = this.#options;
    return namespaceKeys(keyPrefix, namespace, layoutOf(redis));
  }

  #sample(key: string, region: RegionKey): Promise<Sampled> {
    const { namespace } = region;
    return sampleValue(this.#places.of(namespace).redis, { keys: this.#keysOf(namespace), key, region });
  }

  async #look(key: string, watch: Watch): Promise<void> {
    const { clock, config } = this.#options;
    // The longest prefix; a value of another region with the same key is refused by what it says of its owner.
    const [region] = regionKeysOf(key, watch);
    const [only, ...more] = region?.tables ?? [];
    if (region === undefined || only === undefined || !this.#isWanted(only.table)) return;
    this.#counts.count(only.table, 'sampled');
    if (more.length > 0) return this.#counts.skip('several tables');
    const first = await this.#sample(key, region);
    if (first.kind === 'refused') return this.#counts.skip('refused');
    const comparison = await this.#compare(only.table, region.encodedKey, first.value);
    if (comparison === undefined) return this.#counts.skip('source');
    if (comparison.kind === 'incomparable') return this.#counts.skip('incomparable');
    if (comparison.kind === 'agrees') {
      this.#counts.count(only.table, 'agreed');
      return;
    }
    this.#counts.count(only.table, 'mismatchedOnce');
    if (this.#doubts.length >= maxDoubts) return this.#counts.skip('busy');
    const dueMs = clock.monotonicMs() + config.boundMs;
    this.#doubts.push({ key, region, table: only.table, first, dueMs });
  }

  async #lookAgain({ key, region, table, first }: Doubt): Promise<void> {
    // The source first: what it says now must have been true when the value is found again.
    const comparison = await this.#compare(table, region.encodedKey, first.value);
    if (comparison === undefined) return this.#counts.skip('source');
    const again = await this.#sample(key, region);
    if (again.kind === 'refused' || again.text !== first.text || comparison.kind !== 'differs') {
      this.#counts.count(table, 'inFlight');
      return;
    }
    const { head } = again;
    const isProved =
      head.position.generation === first.head.position.generation && head.done > first.head.begun;
    // Without a round that began after the first look no instance has a lease, and none is served from L2.
    if (!isProved) return this.#counts.skip('unproved');
    this.#counts.count(table, 'staleBeyondBound');
    this.#tell(key, table);
  }

  async #compare(table: string, encodedKey: string, value: unknown): Promise<Comparison | undefined> {
    const { rows, config, logger } = this.#options;
    const fields = config.tables.find((one) => one.table === table)?.fields ?? new Map();
    try {
      return compareRow(value, await rows.read(table, encodedKey), fields);
    } catch (error) {
      logger.debug({ table, reason: String(error) }, 'the row of a key could not be read');
      return undefined;
    }
  }

  #isWanted(table: string): boolean {
    const { tables } = this.#options.config;
    return tables.length === 0 || tables.some((one) => one.table === table);
  }

  /** The key is somebody's id: who looks for it compares hashes. */
  #tell(key: string, table: string): void {
    const keyHash = createHash('sha256').update(key).digest('hex').slice(0, 16);
    if (this.#logged.has(keyHash) || this.#logged.size >= maxLogged) return;
    this.#logged.add(keyHash);
    this.#options.logger.warn(
      { table, keyHash, boundMs: this.#options.config.boundMs },
      'an L2 value differs from its row beyond the bound',
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { redis } of this.#places.opened) redis.disconnect();
    await this.#running;
    await this.#options.rows.close();
  }
}
