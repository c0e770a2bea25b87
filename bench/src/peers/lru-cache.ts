// lru-cache by itself, which Tidemark's L1 is made of: what a hit costs without a bound. As it comes it reads the clock
// once per millisecond; with `ttlResolution: 0` on every hit, as Tidemark does.
import { LRUCache } from 'lru-cache';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type Policy, type ReadSetting, readJob, Source } from './read-job.ts';

export interface LruCacheSetting extends ReadSetting {
  readonly ttlResolution: number;
}

export async function open(job: Job, setting: LruCacheSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, ttlResolution } = setting;
  const cache = new LRUCache<string, Policy>({ max: l1Entries, ttl: 3_600_000, ttlResolution });
  return readJob(job, setting, {
    source,
    peek: (key) => cache.get(key),
    async get(key) {
      const hit = cache.get(key);
      if (hit !== undefined) return hit;
      const value = source.load(key);
      cache.set(key, value);
      return value;
    },
  });
}
