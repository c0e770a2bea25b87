// bentocache: a memory driver over a Redis driver, and its bus. `serialize: false` is its documented setting for a fast
// L1; it then hands out the stored object itself, as Tidemark does (which freezes it).
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const source = new Source();
  const { l1Entries, redisUrl, prefix } = setting;
  let store = bentostore().useL1Layer(memoryDriver({ maxItems: l1Entries, serialize: false }));
  const connection = redisUrl === undefined ? undefined : new Redis(redisUrl);
  if (connection !== undefined) {
    store = store
      .useL2Layer(redisDriver({ connection, prefix }))
      .useBus(redisBusDriver({ connection: connection.options }));
  }
  const bento = new BentoCache({ default: 'policies', ttl: '1h', stores: { policies: store } });
  return readJob(job, setting, {
    source,
    get: (key) => bento.getOrSet({ key, factory: () => source.load(key) }),
    async close() {
      await bento.disconnectAll();
      connection?.disconnect();
    },
  });
}
