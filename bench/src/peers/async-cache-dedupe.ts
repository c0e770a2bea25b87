// async-cache-dedupe: memory or Redis, it has no two levels. Keys are strings, so they need no stable serialisation.
import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl } = setting;
  const client = redisUrl === undefined ? undefined : new Redis(redisUrl);
  const cache = createCache({
    ttl: 3_600,
    storage:
      client === undefined
        ? { type: 'memory', options: { size: l1Entries } }
        : { type: 'redis', options: { client } },
  }).define('policy', { serialize: (key: string) => key }, async (key: string) => source.load(key));
  return readJob(job, setting, {
    source,
    get: (key) => cache.policy(key),
    close: () => client?.disconnect(),
  });
}
