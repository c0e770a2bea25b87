// Options of a cache and of a region, resolved once; everything else sees only the result.
import {
  type Clock,
  type Duration,
  type Engine,
  type Journal,
  type Key,
  type Logger,
  parseDuration,
  type Random,
  type RedisOption,
  silentLogger,
  systemClock,
  systemRandom,
} from '@tidemark/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  refuseUnknown,
  requireCount,
  requireFlag,
  requireKeyPrefix,
  requireLoad,
  requireLoadMany,
  requireName,
  requireNamespace,
  requirePart,
  requireRegionName,
  requireSchema,
  requireTable,
} from './option-rules.ts';
import type { LoadContext } from './read/source.ts';

/** R1's B. Two seconds leave room for rounds four times a second and for every fault in between. */
export const defaultMaxStaleness: Duration = '2s';

/** About 10 MB of policies. */
export const defaultMaxEntries = 10_000;

/** A table's row may appear at any time, and an absent one is cheap to ask for again. */
export const defaultNegativeTtl: Duration = '1m';

/** Far above any healthy query, far below what a user waits. */
export const defaultLoadTimeout: Duration = '10s';

/** Enough for a cold start, few enough not to exhaust a connection pool. */
export const defaultMaxConcurrentLoads = 100;

/** Below the 1,000 rows at which the Data API cuts answers short by default. */
export const defaultLoadManySize = 500;

/** A local Redis answers in well under a millisecond; a caller should not wait longer than for the source. */
export const defaultRedisTimeout: Duration = '100ms';

export interface CacheOptions {
  /**
   * URL, options or client of ioredis (its options are copied), or a Redis Cluster: `{ kind: 'cluster', nodes }`. Absent: no
   * L2, no bus.
   */
  readonly redis?: RedisOption;
  /** Runs the rounds inside this process: embedded mode with Redis, or the no-Redis mode without. Closed with the cache. */
  readonly engine?: Engine;
  /** Where `invalidate` writes its change so that it can't be lost. Default: the engine's. */
  readonly journal?: Journal;
  /**
   * First part of every Redis key, the same as the sidecar's. Default `copilot`. On Redis Cluster the namespace joins it in
   * a hash tag, `{copilot:main}`; a prefix with a tag of its own, `{copilot}`, keeps all namespaces in one slot.
   */
  readonly keyPrefix?: string;
  /** Deadline of Redis on the read path. Default {@link defaultRedisTimeout}. */
  readonly redisTimeout?: Duration;
  /** What the status page of the sidecar calls this instance, e.g. the name of the host. Default: part of its id. */
  readonly instanceName?: string;
  /**
   * False: the instance does not announce itself in Redis, and the status page does not show it. The announcement (two
   * small writes every two seconds) holds ages, counts, names of regions and tables; never a key, never a value. Default
   * true.
   */
  readonly isAnnounced?: boolean;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ResolvedCacheOptions {
  readonly redis: RedisOption | undefined;
  readonly engine: Engine | undefined;
  readonly journal: Journal | undefined;
  readonly keyPrefix: string;
  readonly redisTimeoutMs: number;
  readonly instanceName: string | undefined;
  readonly isAnnounced: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RegionOptions<V, K extends Key = string> {
  /** Part of the key after the cache's prefix: `llm:policy` gives `copilot:llm:policy:{key}`. */
  readonly name: string;
  /**
   * The tables the loader reads, `schema.table` as the journal names them. Omit for a source without a journal. Their
   * records name a key as PostgreSQL spells it (`select id::text`), so it must be spelt like that here, too; see `load`.
   */
  readonly table?: string | readonly string[];
  /** Which head and log the tables belong to. Default `main`. */
  readonly namespace?: string;
  /** How long an entry may live at all; memory policy only, freshness does not depend on it. */
  readonly ttl: Duration;
  /** The same for "known absent". Default {@link defaultNegativeTtl}, at most `ttl`. */
  readonly negativeTtl?: Duration;
  /**
   * Part of the TTL, above 0 and below 1, after which a hit has the next value loaded in the background, so that a key
   * in use never waits for the end of its TTL. Costs one load per TTL and instance; 0.8 is a good start. Freshness does
   * not depend on it. Default: no such loads.
   */
  readonly refreshAhead?: number;
  /** Entries in L1. Default {@link defaultMaxEntries}. */
  readonly maxEntries?: number;
  /** R1's B: no read returns what was overtaken longer ago. Default {@link defaultMaxStaleness}. */
  readonly maxStaleness?: Duration;
  /** Checks what comes from L2; a mismatch is a miss. Also where dates become dates again. */
  readonly schema?: StandardSchemaV1<unknown, V>;
  /**
   * Reads the source; null: there is none. The value is frozen, so hand out a copy of anything you keep.
   *
   * A row that is found under a second spelling of its key (a uuid in upper case, `007` for 7) must not be returned: no
   * record ever names that spelling, and the entry would outlive its changes. Compare, `row.id === key ? row : null`, or
   * bring keys into PostgreSQL's spelling before the call.
   */
  readonly load: (key: K, context: LoadContext) => Promise<V | null>;
  /** Reads many at once. A key mapped to null is absent; one that is not in the map was not answered, and is loaded alone. */
  readonly loadMany?: (keys: readonly K[], context: LoadContext) => Promise<ReadonlyMap<K, V | null>>;
  /** Keys per call of `loadMany`. Default {@link defaultLoadManySize}. */
  readonly loadManySize?: number;
  /** Longest time of one load; and of its wait for a turn, behind {@link maxConcurrentLoads} others. */
  readonly loadTimeout?: Duration;
  readonly maxConcurrentLoads?: number;
  /** False: reads go to the source, writes still tell everybody else. Default true. */
  readonly isEnabled?: boolean;
}

export interface ResolvedRegionOptions<V, K extends Key> {
  readonly name: string;
  readonly tables: readonly string[];
  readonly namespace: string;
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly refreshAhead: number | undefined;
  readonly maxEntries: number;
  readonly maxStalenessMs: number;
  readonly schema: StandardSchemaV1<unknown, V> | undefined;
  readonly load: RegionOptions<V, K>['load'];
  readonly loadMany: RegionOptions<V, K>['loadMany'];
  readonly loadManySize: number;
  readonly loadTimeoutMs: number;
  readonly maxConcurrentLoads: number;
  readonly isEnabled: boolean;
}

const cacheOptionNames = new Set<string>([
  'redis',
  'engine',
  'journal',
  'keyPrefix',
  'redisTimeout',
  'instanceName',
  'isAnnounced',
  'logger',
  'clock',
  'random',
] satisfies (keyof CacheOptions)[]);

const regionOptionNames = new Set<string>([
  'name',
  'table',
  'namespace',
  'ttl',
  'negativeTtl',
  'refreshAhead',
  'maxEntries',
  'maxStaleness',
  'schema',
  'load',
  'loadMany',
  'loadManySize',
  'loadTimeout',
  'maxConcurrentLoads',
  'isEnabled',
] satisfies (keyof RegionOptions<unknown>)[]);

/** @throws TidemarkError `OPTION_UNKNOWN`, `OPTION_INVALID`, `DURATION_INVALID` */
export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  refuseUnknown('createCache', options, cacheOptionNames);
  return {
    redis: options.redis,
    engine: options.engine,
    journal: options.journal ?? options.engine?.journal,
    keyPrefix: requireKeyPrefix(options.keyPrefix ?? 'copilot'),
    redisTimeoutMs: parseDuration('redisTimeout', options.redisTimeout ?? defaultRedisTimeout),
    instanceName:
      options.instanceName === undefined ? undefined : requireName('instanceName', options.instanceName),
    isAnnounced: requireFlag('isAnnounced', options.isAnnounced ?? true),
    logger: (options.logger ?? silentLogger).child({ component: 'cache' }),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  };
}

/** @throws TidemarkError `OPTION_UNKNOWN`, `OPTION_INVALID`, `DURATION_INVALID` */
export function resolveRegionOptions<V, K extends Key>(
  options: RegionOptions<V, K>,
): ResolvedRegionOptions<V, K> {
  refuseUnknown('region', options, regionOptionNames);
  const ttlMs = parseDuration('ttl', options.ttl);
  const { table } = options;
  return {
    name: requireRegionName(options.name),
    tables: (table === undefined ? [] : [table].flat()).map(requireTable),
    namespace: requireNamespace(options.namespace ?? 'main'),
    ttlMs,
    negativeTtlMs: Math.min(ttlMs, parseDuration('negativeTtl', options.negativeTtl ?? defaultNegativeTtl)),
    refreshAhead: requirePart('refreshAhead', options.refreshAhead),
    maxEntries: requireCount('maxEntries', options.maxEntries ?? defaultMaxEntries),
    maxStalenessMs: parseDuration('maxStaleness', options.maxStaleness ?? defaultMaxStaleness),
    schema: requireSchema(options.schema),
    load: requireLoad(options.load),
    loadMany: requireLoadMany(options.loadMany),
    loadManySize: requireCount('loadManySize', options.loadManySize ?? defaultLoadManySize),
    loadTimeoutMs: parseDuration('loadTimeout', options.loadTimeout ?? defaultLoadTimeout),
    maxConcurrentLoads: requireCount(
      'maxConcurrentLoads',
      options.maxConcurrentLoads ?? defaultMaxConcurrentLoads,
    ),
    isEnabled: requireFlag('isEnabled', options.isEnabled ?? true),
  };
}
