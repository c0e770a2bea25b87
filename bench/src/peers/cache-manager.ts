// cache-manager: the stores that its documentation recommends, the memory of cacheable (LRU, no clones) over Redis.
import { createKeyv as createRedisKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { createKeyv } from 'cacheable';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

const ttl = 3_600_000;

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix } = setting;
  const memory = createKeyv({ ttl, lruSize: l1Entries, useClone: false });
  const stores =
    redisUrl === undefined ? [memory] : [memory, createRedisKeyv(redisUrl, { namespace: prefix })];
  const cache = createCache({ stores, ttl });
  return readJob(job, setting, {
    source,
    get: (key) => cache.wrap(key, () => source.load(key)),
    close: async () => {
      await cache.disconnect();
    },
  });
}
