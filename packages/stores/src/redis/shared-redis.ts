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
import * as z from 'zod';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import { parseInput } from '../schema/parse.ts';

export interface SharedRedisOptions {
  /** URL, options or client of ioredis (its options are copied), or a Redis Cluster: `{ kind: 'cluster', nodes }`. */
  readonly redis: RedisOption;
  /**
   * On a Cluster: every key of this shared Redis is in the slot of this hash tag. Two of them, one for the hubs and one for
   * the limiter, can so be on two masters. Default `copilot:shared`.
   */
  readonly hashTag?: string;
  /** Longest wait for one command; after a failure Redis is passed over for half a second. Default 100 ms. */
  readonly timeout?: Duration;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Two connections: one for commands, one that listens. Close it when the parts that use it are closed. */
export type SharedRedis = CacheRedis;

const defaultHashTag = 'copilot:shared';

const hashTagSchema = z
  .string()
  .regex(/^[^\s{}]{1,100}$/, 'must be 1 to 100 characters without spaces and braces');

const optionNames: Readonly<Record<keyof SharedRedisOptions, true>> = {
  redis: true,
  hashTag: true,
  timeout: true,
  logger: true,
  clock: true,
};

/**
 * Opens the connections at once, and waits for nothing.
 *
 * @throws InvalidInputError for an unknown option; TidemarkError `REDIS_URL_INVALID`, `REDIS_CLUSTER_INVALID`,
 *   `DURATION_INVALID`
 */
export function openSharedRedis(options: SharedRedisOptions): SharedRedis {
  refuseUnknownOptions('openSharedRedis', options, optionNames);
  const { redis, hashTag = defaultHashTag, timeout = defaultRedisTimeout } = options;
  const { logger = silentLogger, clock = systemClock } = options;
  return new CacheRedis({
    redis,
    slotOf: `{${parseInput(hashTagSchema, 'hashTag', hashTag)}}`,
    clock,
    logger: logger.child({ component: 'shared-redis' }),
    readTimeoutMs: parseDuration('timeout', timeout),
    names: { commands: 'tidemark-stores', subscriber: 'tidemark-stores-listener' },
  });
}

/** What the keys and channels of a part begin with: on a Cluster a tag stands before it, which puts them all in one slot. */
export function sharedPrefix(redis: SharedRedis | undefined, keyPrefix: string): string {
  return redis?.layout === 'slots' ? `${redis.slotOf}:${keyPrefix}` : keyPrefix;
}
