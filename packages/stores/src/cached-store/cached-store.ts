// A table of yours behind the cache: what the caching stores here are made of, for any other table too. Turns a
// definition and what its user may set into a region; everything about freshness is the region's.
import type { Cache, Key, Region, RegionOptions } from '@tidemark/cache';
import type { Duration } from '@tidemark/protocol';
import { parseCount } from '../schema/count.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';

/** What every caching store lets its user set. */
export interface CachingOptions {
  /** How long an entry may stay at all, in whole seconds; a matter of memory, freshness does not depend on it. */
  readonly ttlSeconds?: number;
  /**
   * The part of the Redis key between the cache's own prefix and the id: `llm:policy` in `copilot:llm:policy:t1`. For
   * a second store of the same kind on one cache.
   */
  readonly keyPrefix?: string;
  /**
   * False: reads go to the source, past L1 and L2. Writes invalidate all the same, because other instances may still
   * cache: so the switch can be flipped on one instance at a time. Default true.
   */
  readonly isEnabled?: boolean;
  /** R1's B. Default: the cache's, 2 s. */
  readonly maxStaleness?: Duration;
  /** Entries in L1. Default: the cache's, 10,000. */
  readonly maxEntries?: number;
  /** Part of the TTL, between 0 and 1, after which a hit has the next value loaded beside it. Default: none is. */
  readonly refreshAhead?: number;
}

export interface CachedStoreDefinition<V, K extends Key = string> extends Pick<
  RegionOptions<V, K>,
  'namespace' | 'load' | 'loadMany' | 'negativeTtl'
> {
  readonly keyPrefix: string;
  readonly ttlSeconds: number;
  /**
   * The table that `load` reads, as the journal names it. Undefined when there is none: an entry then lives for
   * `maxStaleness` from its own load, in L1 only.
   */
  readonly table: string | undefined;
  /** Checks what comes from L2; where an ISO text becomes a Date again. */
  readonly schema: NonNullable<RegionOptions<V, K>['schema']>;
}

export type CachedStore<V, K extends Key = string> = Pick<
  Region<V, K>,
  'peek' | 'get' | 'getMany' | 'write' | 'invalidate'
>;

const optionNames: Readonly<Record<keyof CachingOptions, true>> = {
  ttlSeconds: true,
  keyPrefix: true,
  isEnabled: true,
  maxStaleness: true,
  maxEntries: true,
  refreshAhead: true,
};

/**
 * In a migration, once: `select tidemark.track('public.plans', 'id', array['copilot:billing:plan']);`, then
 *
 * ```ts
 * const planSchema = z.object({ id: z.string(), seats: z.number(), ends_at: z.coerce.date() });
 * const plans = createCachedStore(cache, {
 *   keyPrefix: 'billing:plan', // copilot:billing:plan:{id}
 *   table: 'public.plans',
 *   ttlSeconds: 300,
 *   schema: planSchema,
 *   load: async (id, { signal }) => {
 *     const { data, error } = await supabase.from('plans').select().eq('id', id).abortSignal(signal).maybeSingle();
 *     if (error !== null) throw error;
 *     return data === null ? null : planSchema.parse(data);
 *   },
 * });
 * await plans.get('p1');
 * await plans.write('p1', () => updatePlan('p1')); // the database first, then the invalidation, whatever happened
 * ```
 *
 * @throws InvalidInputError for a ttl; TidemarkError `REGION_EXISTS` when the cache has a store with that key prefix
 */
export function createCachedStore<V, K extends Key = string>(
  cache: Cache,
  definition: CachedStoreDefinition<V, K>,
  options: CachingOptions = {},
): CachedStore<V, K> {
  refuseUnknownOptions('a caching store', options, optionNames);
  const { keyPrefix, ttlSeconds, table, ...loading } = definition;
  const { maxStaleness, maxEntries, refreshAhead } = options;
  return cache.region<V, K>({
    ...loading,
    name: options.keyPrefix ?? keyPrefix,
    ttl: parseCount('ttlSeconds', options.ttlSeconds ?? ttlSeconds) * 1_000,
    isEnabled: options.isEnabled ?? true,
    ...(table !== undefined && { table }),
    ...(maxStaleness !== undefined && { maxStaleness }),
    ...(maxEntries !== undefined && { maxEntries }),
    ...(refreshAhead !== undefined && { refreshAhead }),
  });
}
