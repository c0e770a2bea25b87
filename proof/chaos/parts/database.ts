// Connections to the rows of a fault run. Every wait has an end: a server that is frozen must not hold a task for ever.
import { Pool } from 'pg';

const patienceMs = 2_000;

export function connectDatabase(connectionString: string, max: number): Pool {
  const pool = new Pool({
    connectionString,
    max,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  // An idle connection was cut: the next query says so to whoever needs it.
  pool.on('error', () => undefined);
  return pool;
}
