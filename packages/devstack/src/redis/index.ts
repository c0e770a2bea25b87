// The public names of the Redis part.
export {
  type RedisCluster,
  type RedisClusterOptions,
  type SlotMove,
  startRedisCluster,
} from './redis-cluster.ts';
export { type RedisPlace, type RedisPlaceKind, redisPlaces, startRedisPlace } from './redis-place.ts';
export {
  type RedisOptions,
  type RedisRestartOptions,
  type RedisServer,
  type RedisSnapshot,
  startRedis,
} from './redis-server.ts';
