// Whether Redis keeps its data through a restart. Nothing depends on it, which is worth saying: a Redis that comes back
// empty, or with old data, is found out by the next round.
import type { RedisInfo } from '../redis/redis-info.ts';
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';

export const redisPersistence: Check = {
  name: 'redis-persistence',
  needs: () => ['redis'],
  async run(patient) {
    return [judgePersistence(await patient.redisInfo())];
  },
};

export function judgePersistence({ hasAppendOnlyFile }: RedisInfo): Judgement {
  return ok(
    hasAppendOnlyFile
      ? 'Redis keeps an append-only file: not needed, since an empty or older Redis is noticed, and values are loaded again'
      : 'Redis may forget at a restart, and that is fine: it is noticed, and values are loaded again',
  );
}
