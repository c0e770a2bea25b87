// Where a suite of tests finds its Redis: one server, or a Cluster. What is true on one has to be true on the other, so that
// suites run on both: `describe.each(redisPlaces)('on %s', (kind) => ...)`.
import { Redis } from 'ioredis';
import { type RedisCluster, startRedisCluster } from './redis-cluster.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

export type RedisPlaceKind = 'one server' | 'a Cluster';

export const redisPlaces: readonly RedisPlaceKind[] = ['one server', 'a Cluster'];

export interface RedisPlace extends AsyncDisposable {
  /** For `createCache`, `connectRedis` and the like. */
  readonly option: string | { readonly kind: 'cluster'; readonly nodes: RedisCluster['addresses'] };
  /** How keys are spelt there. */
  readonly layout: 'plain' | 'slots';
  /** Of the server that has the key, for a client of the test itself. */
  urlOf(key: string): Promise<string>;
}

/** @throws DevstackError as `startRedis` does */
export async function startRedisPlace(kind: RedisPlaceKind): Promise<RedisPlace> {
  return kind === 'one server' ? onOne(await startRedis()) : onCluster(await startRedisCluster());
}

function onOne(server: RedisServer): RedisPlace {
  return {
    option: server.url,
    layout: 'plain',
    urlOf: async () => server.url,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function onCluster(cluster: RedisCluster): RedisPlace {
  return {
    option: { kind: 'cluster', nodes: cluster.addresses },
    layout: 'slots',
    async urlOf(key) {
      const node = new Redis(cluster.nodes[0]?.url ?? '');
      try {
        return (await cluster.masterOf(await node.cluster('KEYSLOT', key))).url;
      } finally {
        node.disconnect();
      }
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}
