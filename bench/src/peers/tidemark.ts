// Tidemark, as one instance would use it: under a lease, because rounds of this process prove the entries. The tables
// stand still, so that nothing is dropped while reads are timed.
import { createCache } from '@tidemark/cache';
import { createEngine } from '@tidemark/engine';
import { regionPrefix } from '@tidemark/protocol';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type Policy, type ReadSetting, readJob, Source } from './read-job.ts';
import { HandedJournal } from '../handed-journal.ts';

export interface TidemarkSetting extends ReadSetting {
  /** Default true; without one an entry is served for the bound from its own load, which outlives the run here. */
  readonly hasLease?: boolean;
}

const table = 'public.policies';
const name = 'policy';

export async function open(job: Job, setting: TidemarkSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix: keyPrefix, hasLease = true } = setting;
  const journal = new HandedJournal(new Map([[table, [regionPrefix(keyPrefix, name)]]]));
  const cache = createCache({
    keyPrefix,
    // No peer has a deadline on Redis; a busy machine must not turn a read from L2 into another job.
    ...(redisUrl === undefined ? {} : { redis: redisUrl, redisTimeout: '5s' }),
    ...(hasLease ? { engine: createEngine({ journal, roundEvery: '250ms' }) } : {}),
  });
  const region = cache.region<Policy>({
    name,
    ...(hasLease ? { table } : { maxStaleness: '1h' }),
    ttl: '1h',
    maxEntries: l1Entries,
    load: (tenantId) => Promise.resolve(source.load(tenantId)),
  });
  // Before the loads, because the first round drops everything; and after, because so many in one go let none through.
  await cache.ready();
  const contestant = await readJob(job, setting, {
    source,
    peek: (key) => region.peek(key),
    get: (key) => region.get(key),
    getMany: (keys) => region.getMany(keys),
    close: () => cache.close(),
  });
  await cache.ready();
  return contestant;
}
