// An instance in a process of its own, which tells when it has dropped a key.
import { subscribe } from 'node:diagnostics_channel';
import { createCache, type OvertakenEvent } from '@tidemark/cache';
import { until } from '@tidemark/devstack';
import { Pool } from 'pg';
import type { DropMessage, InstanceOrder } from '../messages.ts';
import { stampMs } from '../stamp.ts';

const { databaseUrl, redisUrl } = JSON.parse(process.argv[2] ?? '') as InstanceOrder;
const pool = new Pool({ connectionString: databaseUrl, max: 2 });
const cache = createCache({ redis: redisUrl });
const policies = cache.region({
  name: 'llm:policy',
  table: 'copilot_internal.tenant_llm_policies',
  ttl: '1h',
  load: async (tenant) => {
    const { rows } = await pool.query<{ default_model: string }>(
      'select default_model from copilot_internal.tenant_llm_policies where tenant_id = $1',
      [tenant],
    );
    return rows[0] ?? null;
  },
});

subscribe('tidemark:overtaken', (message) => {
  const atMs = stampMs();
  const { keys, cause } = message as OvertakenEvent;
  if (cause === 'record') process.send?.({ atMs, keys } satisfies DropMessage);
});
process.once('disconnect', () => process.exit());

await policies.get('none');
await until(() => policies.status().lease === 'live', { what: 'the lease of the region' });
process.send?.({ atMs: stampMs(), keys: [] } satisfies DropMessage);
