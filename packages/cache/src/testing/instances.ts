// Instances of one stack for tests of trouble: engines, caches and regions over the item table, all closed together.
import { type Stack, until } from '@tidemark/devstack';
import { createEngine, postgresJournal, type RunningEngine } from '@tidemark/engine';
import { Pool } from 'pg';
import { type Cache, createCache } from '../cache.ts';
import type { CacheOptions, RegionOptions } from '../options.ts';
import type { Region } from '../region.ts';
import { History } from './history.ts';
import { createItems, itemTable, loadItem, type Versioned } from './load.ts';

export interface Instance<V> {
  readonly cache: Cache;
  readonly region: Region<V>;
}

export class Instances {
  readonly pool: Pool;
  readonly #stack: Stack;
  readonly #open: { close(): Promise<void> }[] = [];

  private constructor(stack: Stack) {
    this.#stack = stack;
    this.pool = new Pool({ connectionString: stack.databaseUrl, max: 10 });
    this.pool.on('error', () => {});
  }

  /** With `count` rows `k0`, `k1`, … of version 0. */
  static async on(stack: Stack, count: number): Promise<Instances> {
    const instances = new Instances(stack);
    await createItems(instances.pool, new History(0), count);
    return instances;
  }

  /** Rounds over a direct connection, every 50 ms. */
  startEngine(redis: string = this.#stack.redisUrl): RunningEngine {
    const journal = postgresJournal({ connectionString: this.#stack.databaseUrl });
    const engine = createEngine({ journal, roundEvery: 50 });
    engine.start({ redis, keyPrefix: 'copilot' });
    this.#open.push(engine);
    return engine;
  }

  /** A cache with one region over the items. */
  start(options: CacheOptions = {}, region: Partial<RegionOptions<Versioned>> = {}): Instance<Versioned> {
    return this.startWith<Versioned>(options, { load: (key) => loadItem(this.pool, key), ...region });
  }

  /** The same with values of another kind. */
  startWith<V>(
    options: CacheOptions,
    region: Partial<RegionOptions<V>> & Pick<RegionOptions<V>, 'load'>,
  ): Instance<V> {
    const cache = createCache({ redis: this.#stack.redisUrl, ...options });
    this.#open.push(cache);
    return { cache, region: cache.region<V>({ name: 'item', table: itemTable, ttl: '5m', ...region }) };
  }

  async setVersion(key: string, version: number): Promise<void> {
    await this.pool.query('update public.item set version = $2 where id = $1', [key, version]);
  }

  /** Until a change by SQL is what each region answers: engine, bus and listeners all do their work. */
  async untilCoherent(key: string, version: number, regions: readonly Region<Versioned>[]): Promise<void> {
    await this.setVersion(key, version);
    for (const region of regions) {
      await until(async () => (await region.get(key))?.version === version);
    }
  }

  /** Closes what was started since; the pool stays. */
  async closeStarted(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.close()));
  }

  async close(): Promise<void> {
    await this.closeStarted();
    await this.pool.end();
  }
}
