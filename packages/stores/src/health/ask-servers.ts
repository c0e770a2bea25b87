// The two questions of the health check that leave the process: one row of the source, one PING.
import { policyTable } from '../policy/policy-row.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { askSupabase, openTable, type SourceSchema, type SupabaseSource } from '../supabase/ask-supabase.ts';
import type { PartAnswer } from './part-health.ts';

/** @throws SourceError */
export async function askSource(
  supabase: SupabaseSource,
  signal: AbortSignal,
  schema: SourceSchema | undefined,
): Promise<PartAnswer> {
  const table = openTable(supabase, policyTable, schema === undefined ? {} : { schema });
  await askSupabase(table, { action: 'read', signal }, (signal) =>
    table.from().select('tenant_id').limit(1).abortSignal(signal).retry(false),
  );
  return { healthy: true, backend: 'Supabase', reason: `${table.name} can be read` };
}

/** Past the breaker: it would answer for a server that it has not asked. */
export async function askRedis(redis: SharedRedis): Promise<PartAnswer> {
  if (!redis.isConnected) {
    return { healthy: false, backend: 'none', reason: 'there is no connection to Redis' };
  }
  await redis.ask((commands) => commands.ping());
  return { healthy: true, backend: 'Redis', reason: 'answers PING' };
}
