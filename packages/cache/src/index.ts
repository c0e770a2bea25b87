export { createCache, type Cache } from './cache.ts';
export type { CacheStatus, Mode, NamespaceStatus } from './cache-status.ts';
export type { OvertakenEvent, StoredEvent } from './events.ts';
export type { OvertakeCause } from './invalidate/namespace.ts';
export {
  defaultLoadManySize,
  defaultLoadTimeout,
  defaultMaxConcurrentLoads,
  defaultMaxEntries,
  defaultMaxStaleness,
  defaultNegativeTtl,
  defaultRedisTimeout,
  type CacheOptions,
  type RegionOptions,
} from './options.ts';
export type { LoadContext } from './read/source.ts';
export { CacheRedis, type CacheRedisOptions } from './redis.ts';
export type { GetOptions, Region, RegionStatus } from './region.ts';
export {
  decodeKey,
  encodeKey,
  TidemarkError,
  type Duration,
  type Key,
  type Logger,
  type RedisOption,
} from '@tidemark/protocol';
