// The public names of the package, one by one.
export { DevstackError, type DevstackErrorCode } from './devstack-error.ts';
export {
  type PostgresOptions,
  type PostgresServer,
  type PostgresStopMode,
  startPostgres,
} from './postgres/index.ts';
