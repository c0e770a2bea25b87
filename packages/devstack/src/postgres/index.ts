// The public names of the PostgreSQL part.
export {
  type PostgresOptions,
  type PostgresServer,
  type PostgresStopMode,
  startPostgres,
} from './postgres-server.ts';
