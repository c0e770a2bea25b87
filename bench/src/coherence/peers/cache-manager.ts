// cache-manager: the memory of cacheable over Redis, as its guide recommends. It has no bus: what another instance holds
// in memory stays there until its TTL.
import { createKeyv as createRedisKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { createKeyv } from 'cacheable';
import { type CachedRows, type RowsSetting, ttlMs } from '../cached-rows.ts';

export async function open({ redisUrl, prefix, load }: RowsSetting): Promise<CachedRows> {
  const stores = [
    createKeyv({ ttl: ttlMs, lruSize: 10_000 }),
    createRedisKeyv(redisUrl, { namespace: prefix }),
  ];
  const cache = createCache({ stores, ttl: ttlMs });
  return {
    read: (key) => cache.wrap(key, () => load(key)),
    async write(key, change) {
      await change();
      await cache.del(key);
    },
  };
}
