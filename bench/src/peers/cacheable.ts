// cacheable: its memory store with an LRU limit and without clones, which is its fast setting (Tidemark hands out the
// stored object, too); Redis as the secondary store through its own adapter; its statistics are off by default.
import { createKeyv as createRedisKeyv } from '@keyv/redis';
import { Cacheable, CacheableMemory, createKeyv } from 'cacheable';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

const ttl = 3_600_000;

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix } = setting;
  const memory = { ttl, lruSize: l1Entries, useClone: false };
  if (job === 'peek') return openMemory(setting, new CacheableMemory(memory));
  const cache = new Cacheable({
    primary: createKeyv(memory),
    ...(redisUrl === undefined ? {} : { secondary: createRedisKeyv(redisUrl, { namespace: prefix }) }),
    ttl,
  });
  return readJob(job, setting, {
    source,
    get: (key) => cache.getOrSet(key, () => Promise.resolve(source.load(key))),
    close: () => cache.disconnect(),
  });
}

/** Its memory store by itself can be read synchronously. */
function openMemory(setting: ReadSetting, memory: CacheableMemory): Promise<Contestant> {
  const source = new Source();
  return readJob('peek', setting, {
    source,
    peek: (key) => memory.get(key),
    get: (key) => Promise.resolve(memory.set(key, source.load(key))),
  });
}
