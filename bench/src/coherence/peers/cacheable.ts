// cacheable to the letter of its guide: Redis as the secondary store through its own adapter, and CacheableSync over the
// Redis provider of qified.
import { createKeyv } from '@keyv/redis';
import { RedisMessageProvider } from '@qified/redis';
import { Cacheable } from 'cacheable';
import { type CachedRows, type RowsSetting, ttlMs } from '../cached-rows.ts';

export function open(setting: RowsSetting): Promise<CachedRows> {
  return openWith(new RedisMessageProvider({ uri: setting.busUrl }), setting);
}

export async function openWith(
  provider: RedisMessageProvider,
  { redisUrl, prefix, load }: RowsSetting,
): Promise<CachedRows> {
  // The messages of its start are not what is counted here.
  await provider.connect();
  const cache = new Cacheable({
    secondary: createKeyv(redisUrl, { namespace: prefix }),
    sync: { qified: provider },
    namespace: prefix,
    ttl: ttlMs,
  });
  cache.on('error', () => {});
  return {
    async read(key) {
      const row = await cache.getOrSet(key, () => load(key));
      if (row === undefined) throw new Error(`there is no row ${key}`);
      return row;
    },
    async write(key, change) {
      await change();
      await cache.delete(key);
    },
  };
}
