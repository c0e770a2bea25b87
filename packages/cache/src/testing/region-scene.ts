// A region without Redis, whose clock, rounds and source do what the test says: loads answer when they are told to, and
// a record is applied by calling for it.
import { FakeClock, settle } from '@tidemark/devstack/fakes';
import type { Key } from '@tidemark/protocol';
import { Clocks } from '../clocks.ts';
import { Namespace } from '../invalidate/namespace.ts';
import {
  type CacheOptions,
  type RegionOptions,
  resolveCacheOptions,
  resolveRegionOptions,
} from '../options.ts';
import type { LoadContext } from '../read/source.ts';
import { CachedRegion } from '../region.ts';

export const itemTable = 'public.item';

export const boundMs = 2_000;

/** A load that waits for the test to end it. */
export interface Call<V> {
  readonly keys: readonly Key[];
  readonly signal: AbortSignal;
  readonly answer: (value: V | null) => void;
  readonly answerMany: (values: ReadonlyMap<string, V | null>) => void;
  readonly fail: (error: Error) => void;
}

export class RegionScene<V = string> {
  readonly clock = new FakeClock();
  readonly clocks = new Clocks(this.clock);
  readonly closing = new AbortController();
  readonly calls: Call<V>[] = [];
  readonly namespace: Namespace;
  readonly region: CachedRegion<V, string>;

  constructor(options: Partial<RegionOptions<V>> = {}, cacheOptions: CacheOptions = {}) {
    const cache = resolveCacheOptions({ clock: this.clock, random: () => 1, ...cacheOptions });
    this.namespace = new Namespace('main', this.clocks, cache.logger);
    const resolved = resolveRegionOptions<V, string>({
      name: 'item',
      table: itemTable,
      ttl: '5m',
      maxStaleness: boundMs,
      load: (key, context) => this.#call([key], context) as Promise<V | null>,
      ...options,
    });
    this.region = new CachedRegion(resolved, {
      cache,
      clocks: this.clocks,
      namespace: this.namespace,
      redis: undefined,
      hints: undefined,
      closing: this.closing.signal,
    });
    this.namespace.add(this.region);
  }

  /** For `loadMany`: one call with all its keys. */
  readonly loadMany = (
    keys: readonly string[],
    context: LoadContext,
  ): Promise<ReadonlyMap<string, V | null>> =>
    this.#call(keys, context) as Promise<ReadonlyMap<string, V | null>>;

  #call(keys: readonly Key[], { signal }: LoadContext): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.calls.push({ keys, signal, answer: resolve, answerMany: resolve, fail: reject });
    return promise;
  }

  call(index: number): Call<V> {
    const call = this.calls[index];
    if (call === undefined) throw new Error(`there was no call ${index}, only ${this.calls.length}`);
    return call;
  }

  /** The keys of each load so far. */
  get loaded(): readonly (readonly Key[])[] {
    return this.calls.map(({ keys }) => keys);
  }

  /** The rounds see the region's table, and have proved everything up to now. */
  startLease(): this {
    const tables = new Map([[itemTable, { namespace: 'main', prefixes: [], problem: null }]]);
    this.namespace.follow({ hash: 'watch-1', roundEveryMs: 100, tables });
    this.prove();
    return this;
  }

  prove(): void {
    this.namespace.tidemark.advance(this.clocks.instant());
  }

  /** A record is applied. */
  change(...keys: string[]): void {
    this.namespace.apply(new Map([[itemTable, keys]]));
  }

  /** Puts a value into L1 through a load. */
  async put(key: string, value: V | null): Promise<void> {
    const reading = this.region.get(key);
    await settle();
    this.call(this.calls.length - 1).answer(value);
    await reading;
  }
}
