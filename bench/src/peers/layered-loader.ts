// layered-loader: a Loader with both caches. `lru-map` is its own choice for string keys; `getInMemoryOnly` is its
// documented short cut for hot code.
import { Redis } from 'ioredis';
import { Loader, RedisCache } from 'layered-loader';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type Policy, type ReadSetting, readJob, Source } from './read-job.ts';

const ttlInMsecs = 3_600_000;

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix } = setting;
  const redis = redisUrl === undefined ? undefined : new Redis(redisUrl);
  const loader = new Loader<Policy>({
    inMemoryCache: { cacheType: 'lru-map', ttlInMsecs, maxItems: l1Entries },
    ...(redis === undefined
      ? {}
      : { asyncCache: new RedisCache<Policy>(redis, { prefix, json: true, ttlInMsecs }) }),
    dataSourceGetOneFn: (key: string) => Promise.resolve(source.load(key)),
    dataSourceGetManyFn: (keys: string[]) => Promise.resolve(keys.map((key) => source.load(key))),
    cacheKeyFromValueResolver: ({ tenantId }) => tenantId,
  });
  return readJob(job, setting, {
    source,
    peek: (key) => loader.getInMemoryOnly(key),
    get: (key) => loader.get(key),
    getMany: (keys) => loader.getMany([...keys]),
    close: () => redis?.disconnect(),
  });
}
