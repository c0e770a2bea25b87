// How often somebody may do something. Counts on Redis, for all instances together; while Redis is off or down each
// instance counts for itself. Never an error because of Redis, and never a longer wait than its deadline (R4).
import { encodeKey, silentLogger, type Duration, type Logger, parseDuration } from '@tidemark/protocol';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { InvalidInputError } from '../errors.ts';
import { type SharedRedis, sharedPrefix } from '../redis/shared-redis.ts';
import { parseCount } from '../schema/count.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import { parseInput } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';

/** Keys are `copilot:ratelimit:{bucket}:{identifier}` under the default prefix. */
export const rateLimitKeyPrefix = 'ratelimit';

/** What a person at a keyboard does not reach, and a loop does at once. */
export const defaultRateLimit = 100;

export const defaultRateLimitWindow: Duration = '60s';

/** Identifiers that are counted in this process; beyond, the one that was silent the longest begins anew. */
const maxLocalIdentifiers = 100_000;

export interface RateLimiter {
  /**
   * Counts one request.
   *
   * @param identifier who asks: a user, a tenant, an address; 1 to 200 characters
   * @returns whether it is within the limit
   * @throws InvalidInputError
   */
  check(identifier: string): Promise<boolean>;
  status(): RateLimiterStatus;
}

export interface RateLimiterStatus {
  /** Who counted last, or will first. */
  readonly backend: 'Redis' | 'this process';
  /** Why it isn't Redis, or which setting says that it is. */
  readonly reason: string;
  /** False while Redis should count and does not. */
  readonly isAsConfigured: boolean;
}

export interface RateLimiterOptions {
  /** Of `openSharedRedis`. Absent: every instance counts for itself. */
  readonly redis?: SharedRedis;
  /** What is limited, so that several limiters don't count together. Default `default`. */
  readonly bucket?: string;
  /** Requests per window. Default 100. */
  readonly limit?: number;
  /** A whole number of seconds. Default 60 s. */
  readonly window?: Duration;
  /** First part of every Redis key. Default `copilot`. */
  readonly keyPrefix?: string;
  /** Read for `ENABLE_RATE_LIMITER_REDIS`; off: every instance counts for itself. Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
}

const optionNames: Readonly<Record<keyof RateLimiterOptions, true>> = {
  redis: true,
  bucket: true,
  limit: true,
  window: true,
  keyPrefix: true,
  env: true,
  logger: true,
};

/**
 * The window is a fixed one: it begins with the first request and ends `window` later, so that up to twice the limit
 * may pass within one window's length around its end. During an outage of Redis each of n instances admits the limit,
 * n times the limit together; what was counted on Redis before goes on counting when it is back.
 *
 * @throws EnvironmentError for a wrong variable; InvalidInputError for a wrong option; TidemarkError `DURATION_INVALID`
 */
export function createRateLimiter(options: RateLimiterOptions = {}): RateLimiter {
  refuseUnknownOptions('createRateLimiter', options, optionNames);
  const { flags } = parseCacheControl(options.env);
  const { isOn, decidedBy } = flags.rateLimiter;
  const bucket = parseInput(idSchema, 'bucket', options.bucket ?? 'default');
  const { redis } = options;
  const limiter = new FallingBackLimiter({
    redis: isOn ? redis : undefined,
    reason: isOn && redis === undefined ? 'no Redis was given' : decidedBy,
    points: parseCount('limit', options.limit ?? defaultRateLimit),
    duration: parseSeconds(options.window ?? defaultRateLimitWindow),
    keyPrefix: `${sharedPrefix(redis, options.keyPrefix ?? 'copilot')}:${rateLimitKeyPrefix}:${encodeKey(bucket)}`,
    logger: (options.logger ?? silentLogger).child({ component: 'rate-limiter', bucket }),
  });
  return limiter;
}

interface FallingBackOptions {
  readonly redis: SharedRedis | undefined;
  readonly reason: string;
  readonly points: number;
  /** Seconds. */
  readonly duration: number;
  readonly keyPrefix: string;
  readonly logger: Logger;
}

class FallingBackLimiter implements RateLimiter {
  readonly #options: FallingBackOptions;
  readonly #shared: RateLimiterRedis | undefined;
  /** What rate-limiter-flexible calls the insurance. Chosen here and not by it: it would wait for Redis each time. */
  readonly #local: RateLimiterMemory;
  readonly #locallyCounted = new Set<string>();
  #isFallenBack = false;

  constructor(options: FallingBackOptions) {
    const { redis, points, duration, keyPrefix, logger, reason } = options;
    this.#options = options;
    this.#local = new RateLimiterMemory({ points, duration, keyPrefix });
    this.#shared =
      redis && new RateLimiterRedis({ storeClient: redis.commands, points, duration, keyPrefix });
    logger.info({ backend: redis === undefined ? 'this process' : 'Redis', reason }, 'rate limiter chosen');
  }

  async check(identifier: string): Promise<boolean> {
    const key = encodeKey(parseInput(idSchema, 'identifier', identifier));
    const { redis } = this.#options;
    const shared = this.#shared;
    if (redis === undefined || shared === undefined) return this.#checkHere(key);
    // Refused is an answer and no failure of Redis.
    const isWithin = await redis.attempt(() => isAdmitted(shared.consume(key)));
    this.#tell(isWithin === undefined);
    return isWithin ?? this.#checkHere(key);
  }

  #checkHere(key: string): Promise<boolean> {
    this.#locallyCounted.delete(key);
    this.#locallyCounted.add(key);
    if (this.#locallyCounted.size > maxLocalIdentifiers) this.#forgetOldest();
    return isAdmitted(this.#local.consume(key));
  }

  #forgetOldest(): void {
    const [oldest] = this.#locallyCounted;
    if (oldest === undefined) return;
    this.#locallyCounted.delete(oldest);
    void this.#local.delete(oldest);
  }

  /** Each change of state is told once. */
  #tell(isFallenBack: boolean): void {
    if (isFallenBack === this.#isFallenBack) return;
    this.#isFallenBack = isFallenBack;
    const { logger } = this.#options;
    if (isFallenBack) logger.warn({}, 'Redis does not count: each instance limits for itself');
    else logger.info({}, 'Redis counts again: the limit is for all instances together');
  }

  status(): RateLimiterStatus {
    if (this.#isFallenBack) {
      return { backend: 'this process', reason: 'Redis does not answer', isAsConfigured: false };
    }
    const backend = this.#shared === undefined ? 'this process' : 'Redis';
    return { backend, reason: this.#options.reason, isAsConfigured: true };
  }
}

async function isAdmitted(consumed: Promise<RateLimiterRes>): Promise<boolean> {
  try {
    await consumed;
    return true;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return false;
    throw refusal;
  }
}

/** Redis counts in whole seconds; a window of 1.5 s would silently be one of 1 s. */
function parseSeconds(window: Duration): number {
  const seconds = parseDuration('window', window) / 1_000;
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidInputError(`window must be a whole number of seconds, got ${JSON.stringify(window)}`);
}
