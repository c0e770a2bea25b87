// Tidemark, as the README sets it up; its rounds run in another process. Both of its connections can be cut.
import { createCache } from '@tidemark/cache';
import { type CachedRows, type Row, type RowsSetting, ttlMs } from '../cached-rows.ts';
import { table } from '../source.ts';

export const regionName = 'items';

export async function open({ busUrl, prefix: keyPrefix, load }: RowsSetting): Promise<CachedRows> {
  const cache = createCache({ redis: busUrl, keyPrefix });
  const region = cache.region<Row>({ name: regionName, table, ttl: ttlMs, load });
  await cache.ready();
  return {
    async read(key) {
      const row = await region.get(key);
      if (row === null) throw new Error(`there is no row ${key}`);
      return row;
    },
    write: (key, change) => region.write(key, change),
  };
}
