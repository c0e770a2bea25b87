// node-redis with client-side caching: Redis itself tells the client what to drop, over the connection of the commands. It
// is no loader: reads and writes are the cache-aside that one writes around it.
import { BasicClientSideCache, createClient } from '@redis/client';
import { type CachedRows, type Row, type RowsSetting, ttlMs } from '../cached-rows.ts';

export async function open({ busUrl, prefix, load }: RowsSetting): Promise<CachedRows> {
  const clientSideCache = new BasicClientSideCache({ maxEntries: 10_000, ttl: ttlMs });
  const client = createClient({ url: busUrl, RESP: 3, clientSideCache });
  client.on('error', () => {});
  await client.connect();
  const nameOf = (key: string): string => `${prefix}:${key}`;
  return {
    async read(key) {
      const text = await client.get(nameOf(key));
      if (text !== null) return JSON.parse(text) as Row;
      const row = await load(key);
      await client.set(nameOf(key), JSON.stringify(row), { expiration: { type: 'PX', value: ttlMs } });
      return row;
    },
    async write(key, change) {
      await change();
      await client.del(nameOf(key));
    },
  };
}
