// Connects to Redis once before anything is served. A wrong password ends the start; a Redis that does not answer may
// still come up.
import type { Clock } from '@tidemark/protocol';
import { redisAddress, type RedisConfig } from '../config/redis-config.ts';
import { connectOnce } from '../redis/connect-once.ts';
import type { CheckResult } from './check-result.ts';

/** The first word of a Redis error is its code; these are about credentials. */
const refusals = /^(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH\b|^ERR invalid password/;

export async function checkRedis(config: RedisConfig, clock: Clock): Promise<CheckResult> {
  try {
    const redis = await connectOnce(config, { name: 'tidemark-check', clock });
    redis.disconnect();
    return { kind: 'fine' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const at = `Redis at ${redisAddress(config)}`;
    if (refusals.test(reason)) {
      return {
        kind: 'misconfigured',
        problem: `${at} refuses the credentials (${reason}): set the user and password in REDIS_URL, or REDIS_PASSWORD`,
      };
    }
    return { kind: 'unavailable', problem: `${at} can't be reached (${reason}): rounds begin once it can` };
  }
}
