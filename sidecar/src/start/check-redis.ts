// Connects to Redis once before anything is served. A wrong password ends the start; a Redis that does not answer may
// still come up.
import { type Clock, connectRedis, deadlineIn } from '@tidemark/protocol';
import { redisAddress, type RedisConfig, redisOption } from '../config/redis-config.ts';
import type { CheckResult } from './check-result.ts';

const redisDeadlineMs = 3_000;

/** The first word of a Redis error is its code; these are about credentials. */
const refusals = /^(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH\b|^ERR invalid password/;

export async function checkRedis(config: RedisConfig, clock: Clock): Promise<CheckResult> {
  const { promise: answered, resolve } = Promise.withResolvers<Error | undefined>();
  using deadline = deadlineIn(clock, redisDeadlineMs);
  const redis = connectRedis(redisOption(config), { name: 'tidemark-check', onError: resolve });
  redis.once('ready', () => resolve(undefined));
  deadline.signal.addEventListener('abort', () => resolve(new Error('no answer')));
  try {
    const error = await answered;
    if (error === undefined) return { kind: 'fine' };
    const at = `Redis at ${redisAddress(config)}`;
    if (refusals.test(error.message)) {
      return {
        kind: 'misconfigured',
        problem: `${at} refuses the credentials (${error.message}): set the user and password in REDIS_URL, or REDIS_PASSWORD`,
      };
    }
    return {
      kind: 'unavailable',
      problem: `${at} can't be reached (${error.message}): rounds begin once it can`,
    };
  } finally {
    redis.disconnect();
  }
}
