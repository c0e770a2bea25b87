// cache-manager: the stores that its documentation recommends, the memory of cacheable (LRU, no clones) over Redis.
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { createKeyv } from 'cacheable';
import { Keyv } from 'keyv';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, policyOf, type ReadSetting, readJob } from './read-job.ts';

const ttl = 3_600_000;

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const { l1Entries, redisUrl, prefix } = setting;
  const memory = createKeyv({ ttl, lruSize: l1Entries, useClone: false });
  const stores =
    redisUrl === undefined
      ? [memory]
      : [memory, new Keyv({ store: new KeyvRedis(redisUrl, { namespace: prefix }), ttl })];
  const cache = createCache({ stores, ttl });
  return readJob(job, setting, {
    get: (key) => cache.wrap(key, () => policyOf(key)),
    close: async () => {
      await cache.disconnect();
    },
  });
}
