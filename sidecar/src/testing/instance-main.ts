// An instance of an application: one region over the policies, and readers that never rest. Its parent says what it is
// called and where Redis and PostgreSQL are; it takes its announcement back on SIGTERM.
import { createCache } from '@tidemark/cache';
import { Pool } from 'pg';

const [instanceName = '', redis = '', databaseUrl = ''] = process.argv.slice(2);

const pool = new Pool({ connectionString: databaseUrl, max: 2 });
pool.on('error', () => {});
const cache = createCache({ redis, instanceName });
const policies = cache.region({
  name: 'llm:policy',
  table: 'copilot_internal.tenant_llm_policies',
  ttl: '5m',
  load: async (tenant) => {
    const { rows } = await pool.query<{ default_model: string }>(
      'select default_model from copilot_internal.tenant_llm_policies where tenant_id = $1',
      [tenant],
    );
    return rows[0] ?? null;
  },
});

const reading = setInterval(() => {
  const tenant = `tenant-${Math.floor(Math.random() * 24)}`;
  // A source that fails is the source's business here.
  policies.get(tenant).catch(() => {});
}, 10);

process.once('SIGTERM', () => {
  clearInterval(reading);
  void cache.close().then(() => pool.end());
});
