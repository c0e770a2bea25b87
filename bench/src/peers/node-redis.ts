// node-redis with client-side caching: Redis itself tells the client what to drop. It caches replies, so that a read
// parses its value each time. Its statistics are off: they are on by default and nobody reads them here.
import { BasicClientSideCache, createClient } from '@redis/client';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix } = setting;
  if (redisUrl === undefined) throw new Error('client-side caching needs a Redis: give redisUrl');
  const clientSideCache = new BasicClientSideCache({ maxEntries: l1Entries, recordStats: false });
  const client = createClient({ url: redisUrl, RESP: 3, clientSideCache });
  await client.connect();
  return readJob(job, setting, {
    source,
    async get(key) {
      const name = `${prefix}:${key}`;
      const text = await client.get(name);
      if (text !== null) return JSON.parse(text) as unknown;
      const value = source.load(key);
      await client.set(name, JSON.stringify(value), { expiration: { type: 'EX', value: 3_600 } });
      return value;
    },
    close: () => client.destroy(),
  });
}
