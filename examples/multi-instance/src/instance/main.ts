// An app instance, whole: this is all that a service needs to route its requests by policies that are fresh. Several of
// them share nothing but PostgreSQL and Redis, and none knows of the others or of the sidecar.
import { serve } from '@hono/node-server';
import { createClient } from '@supabase/supabase-js';
import { createCache } from '@tidemark/cache';
import { createLlmRouter, createPolicyStore } from '@tidemark/stores';
import { pino } from 'pino';
import { providers, routerDefaults } from './model-routing.ts';
import { reportEvents, tellParent } from './report-events.ts';
import { createRoutes } from './routes.ts';

const { env } = process;
const {
  SUPABASE_URL = '',
  SUPABASE_SERVICE_ROLE_KEY = '',
  REDIS_URL = '',
  INSTANCE_NAME,
  PORT = '0',
  LOG_LEVEL = 'warn',
} = env;
const logger = pino({ level: LOG_LEVEL });

const supabase = createClient(SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, {
  auth: { persistSession: false, autoRefreshToken: false },
  global: { fetch: (input, init) => fetch(input, { ...init, cache: 'no-store' }) },
});
const cache = createCache({
  redis: REDIS_URL,
  logger,
  // What the status page of the sidecar calls it.
  ...(INSTANCE_NAME !== undefined && { instanceName: INSTANCE_NAME }),
});
const policyStore = createPolicyStore({ supabase, cache, logger, env });
const router = createLlmRouter({
  policyStore,
  providers,
  defaultProvider: routerDefaults.provider,
  defaultModel: routerDefaults.model,
  logger,
});

reportEvents();
const routes = createRoutes({ cache, router });
const server = serve({ fetch: routes.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) => {
  tellParent({ kind: 'listening', port });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    void cache.close().then(() => process.exit(0));
  });
}
