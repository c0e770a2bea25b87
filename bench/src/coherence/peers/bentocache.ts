// bentocache: its multi-tier set-up, a memory driver over a Redis driver with the Redis bus, whose retry queue is on by
// default.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { type CachedRows, type RowsSetting, ttlMs } from '../cached-rows.ts';

export async function open({ redisUrl, busUrl, prefix, load }: RowsSetting): Promise<CachedRows> {
  const { hostname: host, port } = new URL(busUrl);
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 10_000 }))
    .useL2Layer(redisDriver({ connection: new Redis(redisUrl), prefix }))
    .useBus(redisBusDriver({ connection: { host, port: Number(port) } }));
  // The name of a store is a part of its channel.
  const bento = new BentoCache({ default: prefix, ttl: ttlMs, stores: { [prefix]: store } });
  return {
    read: (key) => bento.getOrSet({ key, factory: () => load(key) }),
    async write(key, change) {
      await change();
      await bento.delete({ key });
    },
  };
}
