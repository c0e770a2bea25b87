// A region: one kind of value, one loader, one bound. Reads go down the read path; this file is the write path beside it
// and the door through which invalidations come in.
import {
  type Duration,
  encodeKey,
  type Key,
  parseDuration,
  regionPrefix,
  TidemarkError,
} from '@tidemark/protocol';
import type { Clocks } from './clocks.ts';
import { RegionEvents } from './events.ts';
import type { HintBus } from './invalidate/hint-bus.ts';
import { Hold } from './invalidate/hold.ts';
import { Lease } from './invalidate/lease.ts';
import type { Coherent, Namespace, OvertakeCause } from './invalidate/namespace.ts';
import type { ResolvedCacheOptions, ResolvedRegionOptions } from './options.ts';
import { Herd } from './read/herd.ts';
import { L2 } from './read/l2.ts';
import { ReadPath } from './read/read-path.ts';
import { Source } from './read/source.ts';
import type { CacheRedis } from './redis.ts';

export interface GetOptions {
  /** Reads the source, whatever is cached: the answer is at least as new as the call. */
  readonly fresh?: boolean;
  /** Ends the caller's wait; the load goes on for the others. */
  readonly signal?: AbortSignal;
}

export interface RegionStatus {
  readonly name: string;
  /** What its loader reads, as the journal names it; none: there is no lease to be had, and none is needed. */
  readonly tables: readonly string[];
  readonly entries: number;
  readonly hits: number;
  readonly l2Hits: number;
  /** Values found in L2 that must not be served: corrupt, foreign, overtaken, not of the schema. */
  readonly l2Refused: number;
  /** Values that are not stored in L2: too large, or not JSON. */
  readonly l2Unshared: number;
  /** Values that were stored in L2. */
  readonly l2Fills: number;
  /** Values that were not, because something may have overtaken them since they were loaded. */
  readonly l2Fenced: number;
  /** How often entries were dropped, by cause. */
  readonly overtaken: Readonly<Record<OvertakeCause, number>>;
  readonly loads: number;
  readonly lease: 'live' | 'none';
  /** `best effort` for tables that are fed by Realtime alone: R1 is not claimed for them. */
  readonly guarantee: 'bounded' | 'best effort';
  /** Why there is no lease to be had; absent when only the tidemark is too old. */
  readonly problem?: string;
}

/** A cached view of one kind of value. Made by `cache.region(...)`. */
export interface Region<V, K extends Key = string> {
  readonly name: string;
  /** Synchronous. @returns the value; null: known to be absent; undefined: not to be had from L1 */
  peek(key: K): V | null | undefined;
  /** L1, then L2, then the loader. @throws what the loader throws; never anything because of Redis */
  get(key: K, options?: GetOptions): Promise<V | null>;
  /** Like `get` for each, with one MGET and one `loadMany` for what is missing, or several where that is more than 500 keys. */
  getMany(keys: readonly K[], options?: Pick<GetOptions, 'signal'>): Promise<(V | null)[]>;
  /**
   * Runs `change` and makes sure that nothing older is read of this key in this region here after it, also when it failed
   * (R3). What else it changes is overtaken by its record, within milliseconds. Own reads of another key or region too:
   * write through each, one inside the other, `a.write(key, () => b.write(key, change))`.
   */
  write<T>(key: K, change: () => PromiseLike<T>): Promise<T>;
  /** Drops the key everywhere, as reliably as a change of its row where a journal is at hand. */
  invalidate(key: K): Promise<void>;
  invalidateAll(): Promise<void>;
  /** The value, or while the source fails the last one known, not older than `upTo`, marked as stale. */
  getStale(key: K, options: { readonly upTo: Duration }): Promise<{ value: V | null; stale: boolean }>;
  status(): RegionStatus;
}

export interface RegionParts {
  readonly cache: ResolvedCacheOptions;
  readonly clocks: Clocks;
  readonly namespace: Namespace;
  readonly redis: CacheRedis | undefined;
  readonly hints: HintBus | undefined;
  readonly closing: AbortSignal;
}

/** One for all calls: a hit makes nothing. */
const noOptions: GetOptions = {};

export class CachedRegion<V, K extends Key> implements Region<V, K>, Coherent {
  readonly name: string;
  readonly prefix: string;
  readonly tables: readonly string[];
  readonly lease: Lease;
  readonly #isEnabled: boolean;
  readonly #events: RegionEvents;
  readonly #parts: RegionParts;
  readonly #l2: L2<V> | undefined;
  readonly #source: Source<K, V>;
  readonly #hold: Hold;
  readonly #reads: ReadPath<V, K>;

  constructor(options: ResolvedRegionOptions<V, K>, parts: RegionParts) {
    const { namespace, redis, cache, clocks, closing } = parts;
    const { clock, random, keyPrefix } = cache;
    this.name = options.name;
    this.prefix = regionPrefix(keyPrefix, options.name);
    this.tables = options.tables;
    this.lease = new Lease(options.maxStalenessMs, namespace.tidemark, redis !== undefined);
    this.#isEnabled = options.isEnabled;
    this.#parts = parts;
    this.#events = new RegionEvents(options.name, cache.logger);
    this.#hold = new Hold(namespace.tidemark);
    let herd: Herd | undefined;
    if (redis !== undefined && options.tables.length > 0) {
      const { prefix, tables } = this;
      this.#l2 = new L2({ redis, namespace, keyPrefix, prefix, tables, schema: options.schema });
      herd = new Herd({ redis, namespace, clock, keyPrefix, prefix });
    }
    this.#source = new Source({ ...options, clock, random, closing });
    this.#reads = new ReadPath({
      options,
      clocks,
      namespace,
      lease: this.lease,
      hold: this.#hold,
      l2: this.#l2,
      herd,
      source: this.#source,
      closing,
      random,
      events: this.#events,
    });
  }

  peek(key: K): V | null | undefined {
    return this.#reads.peek(key);
  }

  /** Not `async`: a hit pays for one promise, and not for what such a function keeps beside it. */
  get(key: K, options: GetOptions = noOptions): Promise<V | null> {
    try {
      if (options.fresh !== true) {
        const hit = this.#reads.peek(key);
        if (hit !== undefined) return Promise.resolve(hit);
      }
      this.#refuseWhenClosed();
      return this.#isEnabled ? this.#reads.get(key, options) : this.#loadAlone(key, options.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getMany(keys: readonly K[], options: Pick<GetOptions, 'signal'> = {}): Promise<(V | null)[]> {
    this.#refuseWhenClosed();
    if (this.#isEnabled) return this.#reads.getMany(keys, options);
    return Promise.all(keys.map((key) => this.#loadAlone(key, options.signal)));
  }

  /** With the region off: no L1, no L2, no sharing. */
  #loadAlone(key: K, signal: AbortSignal | undefined): Promise<V | null> {
    const abandoned = signal ?? this.#parts.closing;
    return this.#source.load(key, { encoded: encodeKey(key), begun() {}, abandoned });
  }

  async write<T>(key: K, change: () => PromiseLike<T>): Promise<T> {
    const encoded = encodeKey(key);
    try {
      return await change();
    } finally {
      // Also when it threw: a write with an unknown outcome may have happened.
      await this.#announce([encoded]);
    }
  }

  async invalidate(key: K): Promise<void> {
    await this.#invalidate([encodeKey(key)]);
  }

  async invalidateAll(): Promise<void> {
    await this.#invalidate(null);
  }

  async #invalidate(keys: readonly string[] | null): Promise<void> {
    const { journal } = this.#parts.cache;
    try {
      if (journal === undefined) return;
      await Promise.all(this.tables.map((table) => journal.invalidate(table, keys)));
    } finally {
      await this.#announce(keys);
    }
  }

  /** Own reads first, in one synchronous run; then the others. */
  async #announce(keys: readonly string[] | null): Promise<void> {
    const { hints, cache } = this.#parts;
    this.#dropOwn(keys);
    cache.engine?.ring();
    if (hints === undefined) return;
    await hints.tell(this, keys);
    // Once more: while the others were told, a read may have stored what somebody else has changed since (R3).
    this.#dropOwn(keys);
  }

  #dropOwn(keys: readonly string[] | null): void {
    this.overtake(keys, 'write');
    const now = this.#parts.clocks.instant();
    if (keys === null) this.#hold.holdAll(now);
    else for (const key of keys) this.#hold.hold(key, now);
  }

  overtake(keys: readonly string[] | null, cause: OvertakeCause): void {
    this.#reads.overtake(keys, cause);
    this.#events.overtaken(keys, cause);
  }

  async getStale(key: K, options: { readonly upTo: Duration }): Promise<{ value: V | null; stale: boolean }> {
    const upToMs = parseDuration('upTo', options.upTo);
    try {
      return { value: await this.get(key), stale: false };
    } catch (error) {
      const last = this.#reads.getLast(encodeKey(key), upToMs);
      if (last === undefined) throw error;
      return { value: last.value, stale: true };
    }
  }

  #refuseWhenClosed(): void {
    if (!this.#parts.closing.aborted) return;
    throw new TidemarkError(`the cache of region "${this.name}" is closed: make a new one to read`, {
      code: 'CACHE_CLOSED',
    });
  }

  status(): RegionStatus {
    const { problem } = this.lease;
    const status: RegionStatus = {
      name: this.name,
      tables: this.tables,
      ...this.#reads.counts,
      l2Hits: this.#l2?.counts.hits ?? 0,
      l2Refused: this.#l2?.counts.refused ?? 0,
      l2Unshared: this.#l2?.counts.unshared ?? 0,
      l2Fills: this.#l2?.counts.fills ?? 0,
      l2Fenced: this.#l2?.counts.fenced ?? 0,
      overtaken: this.#events.counts,
      loads: this.#source.loads,
      lease: this.lease.isLive() ? 'live' : 'none',
      guarantee: this.lease.isBestEffort ? 'best effort' : 'bounded',
    };
    return problem === null ? status : { ...status, problem };
  }
}
