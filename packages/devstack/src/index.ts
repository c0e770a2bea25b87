// The public names of the package, one by one.
export { announceStack, readAnnouncement, type StackAnnouncement } from './announcement.ts';
export type { DataApi } from './data-api/data-api.ts';
export { DevstackError, type DevstackErrorCode } from './devstack-error.ts';
export {
  type FaultDirection,
  type FaultProxy,
  type FaultProxyCounts,
  type FaultProxyOptions,
  type ProxyTarget,
  startFaultProxy,
} from './fault-proxy/index.ts';
export { type JwtOptions, makeApiKeys, signJwt } from './keys.ts';
export { applyMigrations, type MigrationsOptions, type MigrationsResult } from './migrations/index.ts';
export { bootstrapSql } from './postgres/bootstrap-sql.ts';
export {
  type PostgresOptions,
  type PostgresServer,
  type PostgresStopMode,
  startPostgres,
} from './postgres/index.ts';
export { freePort } from './processes/free-port.ts';
export { until, type UntilOptions } from './processes/until.ts';
export type { Watchdog } from './processes/watchdog.ts';
export {
  type BulkOutageVice,
  createRealtimeGateway,
  type RateLimitVice,
  type RealtimeGateway,
  type RealtimeGatewayOptions,
  type RealtimeLogger,
  type RealtimeVices,
  type RestartCode,
} from './realtime/index.ts';
export {
  type RedisCluster,
  type RedisClusterOptions,
  type RedisOptions,
  type RedisPlace,
  type RedisPlaceKind,
  redisPlaces,
  type RedisRestartOptions,
  type RedisServer,
  type RedisSnapshot,
  type SlotMove,
  startRedis,
  startRedisCluster,
  startRedisPlace,
} from './redis/index.ts';
export { type Stack, startStack } from './stack.ts';
export type { FaultPart, StackOptions } from './stack-options.ts';
