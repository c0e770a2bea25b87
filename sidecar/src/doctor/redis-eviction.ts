// Whether Redis is full, and what it removes then. Values have a TTL and may go; head, log and cursor have none, and without them every
// instance starts anew.
import type { RedisInfo } from '../redis/redis-info.ts';
import type { Check } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';

export const redisEviction: Check = {
  name: 'redis-eviction',
  needs: () => ['redis'],
  async run(patient) {
    return [judgeEviction(await patient.redisInfo())];
  },
};

export function judgeEviction({ evictionPolicy, maxMemory, usedMemory }: RedisInfo): Judgement {
  if (evictionPolicy === 'noeviction' && maxMemory > 0 && usedMemory >= maxMemory) {
    return {
      status: 'fail',
      sentence: `Redis must have room, got ${usedMemory} bytes used of a maxmemory of ${maxMemory}: it evicts nothing (noeviction) and refuses every write, so that no round gets done; raise maxmemory, or let it evict what has a TTL`,
      command: 'redis-cli config set maxmemory-policy volatile-lru',
    };
  }
  if (evictionPolicy === '') {
    return skipped('Redis does not tell its maxmemory-policy: it must be noeviction, or one of volatile-*');
  }
  if (!evictionPolicy.startsWith('allkeys-')) {
    return ok(`Redis evicts no key without a TTL (${evictionPolicy}): head, log and cursor stay`);
  }
  const isLimited = maxMemory > 0;
  return {
    status: isLimited ? 'fail' : 'warn',
    sentence: `maxmemory-policy must be noeviction or one of volatile-*, got ${evictionPolicy}: a full Redis evicts head, log or cursor, and every instance starts anew${isLimited ? '' : ', once there is a maxmemory'}`,
    command: `redis-cli config set maxmemory-policy ${evictionPolicy.replace('allkeys', 'volatile')}`,
  };
}
