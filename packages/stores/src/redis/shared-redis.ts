// The connection to Redis of the parts beside the caches: event hubs, rate limiter, auth validations. One of them serves
// all; its deadlines, its breaker and its log are the caches' own. It never fails a caller: what Redis can't do is
// undefined.
import { CacheRedis, defaultRedisTimeout } from '@tidemark/cache';
import {
  parseDuration,
  silentLogger,
  systemClock,
  type Clock,
  type Duration,
  type Logger,
  type RedisOption,
} from '@tidemark/protocol';
import { refuseUnknownOptions } from '../schema/known-options.ts';

export interface SharedRedisOptions {
  /** URL, options or client of ioredis (its options are copied). */
  readonly redis: RedisOption;
  /** Longest wait for one command; after a failure Redis is passed over for half a second. Default 100 ms. */
  readonly timeout?: Duration;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Two connections: one for commands, one that listens. Close it when the parts that use it are closed. */
export type SharedRedis = CacheRedis;

const optionNames: Readonly<Record<keyof SharedRedisOptions, true>> = {
  redis: true,
  timeout: true,
  logger: true,
  clock: true,
};

/**
 * Opens the connections at once, and waits for nothing.
 *
 * @throws InvalidInputError for an unknown option; TidemarkError `REDIS_URL_INVALID`, `DURATION_INVALID`
 */
export function openSharedRedis(options: SharedRedisOptions): SharedRedis {
  refuseUnknownOptions('openSharedRedis', options, optionNames);
  const { redis, timeout = defaultRedisTimeout, logger = silentLogger, clock = systemClock } = options;
  return new CacheRedis({
    redis,
    clock,
    logger: logger.child({ component: 'shared-redis' }),
    readTimeoutMs: parseDuration('timeout', timeout),
    names: { commands: 'tidemark-stores', subscriber: 'tidemark-stores-listener' },
  });
}
