// The public names of the package, one by one.
export { DevstackError, type DevstackErrorCode } from './devstack-error.ts';
export {
  type FaultDirection,
  type FaultProxy,
  type FaultProxyCounts,
  type FaultProxyOptions,
  type ProxyTarget,
  startFaultProxy,
} from './fault-proxy/index.ts';
export {
  type PostgresOptions,
  type PostgresServer,
  type PostgresStopMode,
  startPostgres,
} from './postgres/index.ts';
export {
  type RedisOptions,
  type RedisRestartOptions,
  type RedisServer,
  type RedisSnapshot,
  startRedis,
} from './redis/index.ts';
