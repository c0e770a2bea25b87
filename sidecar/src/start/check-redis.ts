// Connects to Redis once before anything is served. A wrong password ends the start; a Redis that does not answer may
// still come up.
import type { Clock } from '@tidemark/protocol';
import { redisAddress, type RedisConfig } from '../config/redis-config.ts';
import { connectOnce } from '../redis/connect-once.ts';
import { refusalText } from '../redis/redis-refusal.ts';
import type { CheckResult } from './check-result.ts';

export async function checkRedis(config: RedisConfig, clock: Clock): Promise<CheckResult> {
  try {
    const redis = await connectOnce(config, { name: 'tidemark-check', clock });
    redis.disconnect();
    return { kind: 'fine' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const address = redisAddress(config);
    const refusal = refusalText(address, reason);
    if (refusal !== undefined) return { kind: 'misconfigured', problem: refusal };
    const problem = `Redis at ${address} can't be reached (${reason}): rounds begin once it can`;
    return { kind: 'unavailable', problem };
  }
}
