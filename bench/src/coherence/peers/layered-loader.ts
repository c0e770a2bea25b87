// layered-loader: a Loader with both caches and its Redis notifications, with three connections, as its guide has it.
import { Redis } from 'ioredis';
import { createNotificationPair, Loader, RedisCache } from 'layered-loader';
import { type CachedRows, type Row, type RowsSetting, ttlMs } from '../cached-rows.ts';

export async function open({ redisUrl, busUrl, prefix, load }: RowsSetting): Promise<CachedRows> {
  const consumerRedis = new Redis(busUrl);
  consumerRedis.on('error', () => {});
  const { publisher, consumer } = createNotificationPair<Row>({
    channel: `${prefix}-notifications`,
    consumerRedis,
    publisherRedis: new Redis(redisUrl),
  });
  const loader = new Loader<Row>({
    inMemoryCache: { ttlInMsecs: ttlMs },
    asyncCache: new RedisCache<Row>(new Redis(redisUrl), { prefix, json: true, ttlInMsecs: ttlMs }),
    notificationPublisher: publisher,
    notificationConsumer: consumer,
    dataSourceGetOneFn: load,
  });
  await loader.init();
  return {
    async read(key) {
      const row = await loader.get(key);
      if (row === null || row === undefined) throw new Error(`there is no row ${key}`);
      return row;
    },
    async write(key, change) {
      await change();
      await loader.invalidateCacheFor(key);
    },
  };
}
