// async-cache-dedupe: on Redis, which its guide calls the choice for a shared cache. It has one level and no bus, so that
// there is nothing that it would have to hear.
import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import { type CachedRows, type RowsSetting, ttlMs } from '../cached-rows.ts';

export async function open({ redisUrl, prefix, load }: RowsSetting): Promise<CachedRows> {
  const cache = createCache({
    ttl: ttlMs / 1_000,
    storage: { type: 'redis', options: { client: new Redis(redisUrl, { keyPrefix: prefix }) } },
  }).define('row', { serialize: (key: string) => key }, load);
  return {
    read: (key) => cache.row(key),
    async write(key, change) {
      await change();
      await cache.clear('row', key);
    },
  };
}
