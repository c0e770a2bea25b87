// Instances on a real Redis, each with one region, whose position and tidemark the test sets: no listener and no rounds,
// so that each guard between L2 and a reader is met at the moment of the test's choice.
import { type RedisPlace, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import { randomUUID } from 'node:crypto';
import {
  formatHead,
  type Head,
  namespaceKeys,
  type NamespaceKeys,
  type Position,
  storedKey,
  valueKey,
} from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { Clocks } from '../clocks.ts';
import { HintBus } from '../invalidate/hint-bus.ts';
import { Namespace } from '../invalidate/namespace.ts';
import { type RegionOptions, resolveCacheOptions, resolveRegionOptions } from '../options.ts';
import { CacheRedis } from '../redis.ts';
import { CachedRegion } from '../region.ts';
import { itemTable } from './region-scene.ts';

export class L2Instance {
  readonly clock = new FakeClock();
  readonly clocks = new Clocks(this.clock);
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly region: CachedRegion<string, string>;
  /** Keys that were loaded. */
  readonly loads: string[] = [];
  /** Names of the commands that were sent on the connection of the reads. */
  readonly commands: string[] = [];
  /** Loads wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** What each answer of Redis takes, on the clock of the instance: less than the deadline. */
  redisDelayMs = 0;
  source = 'from the source';

  constructor(place: RedisPlace, keyPrefix: string, options: Partial<RegionOptions<string>>) {
    const { clock } = this;
    const cache = resolveCacheOptions({ clock, keyPrefix, random: () => 1 });
    this.redis = new CacheRedis({
      redis: place.option,
      slotOf: namespaceKeys(keyPrefix, 'main', place.layout).head,
      clock,
      logger: cache.logger,
      readTimeoutMs: cache.redisTimeoutMs,
    });
    this.namespace = new Namespace('main', this.clocks, cache.logger);
    const { redis, namespace } = this;
    const hints = new HintBus({ redis, namespace, keyPrefix, instanceId: randomUUID() });
    const load = (key: string): Promise<string> => this.#load(key);
    this.region = new CachedRegion(
      resolveRegionOptions({ name: 'item', table: itemTable, ttl: '5m', load, ...options }),
      {
        cache,
        clocks: this.clocks,
        namespace: this.namespace,
        redis: this.redis,
        hints,
        closing: new AbortController().signal,
      },
    );
    this.namespace.add(this.region);
    const send = this.redis.commands.sendCommand.bind(this.redis.commands);
    this.redis.commands.sendCommand = (command, ...rest) => {
      this.commands.push(command.name);
      // A ping is the test's own question, whether the others are answered.
      if (command.name !== 'ping') this.clock.jump(this.redisDelayMs);
      return send(command, ...rest);
    };
  }

  async #load(key: string): Promise<string> {
    this.loads.push(key);
    const value = this.source;
    await this.gate;
    return value;
  }

  /** Follows at the position, with a lease of now. */
  follow(position: Position): void {
    const tables = new Map([
      [itemTable, { namespace: 'main', prefixes: [this.region.prefix], problem: null }],
    ]);
    this.namespace.position = position;
    this.namespace.follow({ hash: 'watch-1', roundEveryMs: 100, tables });
    this.prove();
  }

  prove(): void {
    this.namespace.tidemark.advance(this.clocks.instant());
  }

  change(...keys: string[]): void {
    this.namespace.apply(new Map([[itemTable, keys]]));
  }
}

export class L2Scene {
  readonly keyPrefix: string;
  readonly redis: Redis;
  readonly #place: RedisPlace;
  readonly #keys: NamespaceKeys;
  readonly #instances: L2Instance[] = [];
  head: Head = {
    position: { generation: 3, sequence: 5 },
    floor: 0,
    begun: 9,
    done: 9,
    watchHash: 'watch-1',
    tableFloors: new Map(),
  };

  private constructor(place: RedisPlace, keyPrefix: string, url: string) {
    this.keyPrefix = keyPrefix;
    this.#place = place;
    this.#keys = namespaceKeys(keyPrefix, 'main', place.layout);
    this.redis = new Redis(url);
  }

  static async in(place: RedisPlace): Promise<L2Scene> {
    const keyPrefix = `scene-${randomUUID()}`;
    return new L2Scene(
      place,
      keyPrefix,
      await place.urlOf(namespaceKeys(keyPrefix, 'main', place.layout).head),
    );
  }

  /** Another instance that stands at the head. */
  async instance(options: Partial<RegionOptions<string>> = {}): Promise<L2Instance> {
    const instance = new L2Instance(this.#place, this.keyPrefix, options);
    this.#instances.push(instance);
    await until(() => instance.redis.isConnected);
    instance.follow(this.head.position);
    instance.commands.length = 0;
    return instance;
  }

  async setHead(change: Partial<Head> = {}): Promise<void> {
    this.head = { ...this.head, ...change };
    await this.redis.set(this.#keys.head, formatHead(this.head));
  }

  async deleteHead(): Promise<void> {
    await this.redis.del(this.#keys.head);
  }

  /** A value that an instance at the head has loaded and stored. */
  async store(key: string, value: string): Promise<void> {
    const instance = await this.instance();
    instance.source = value;
    await instance.region.get(key, { fresh: true });
    await until(() => this.isStored(key));
  }

  /** As Redis has it. */
  valueKey(key: string): string {
    return storedKey(this.#keys, valueKey(`${this.keyPrefix}:item`, key));
  }

  async isStored(key: string): Promise<boolean> {
    return (await this.redis.exists(this.valueKey(key))) === 1;
  }

  close(): void {
    for (const { redis } of this.#instances) redis.close();
    this.redis.disconnect();
  }
}
