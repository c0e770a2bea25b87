// The public names of the Redis part.
export {
  type RedisOptions,
  type RedisRestartOptions,
  type RedisServer,
  type RedisSnapshot,
  startRedis,
} from './redis-server.ts';
