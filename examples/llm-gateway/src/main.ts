// The process: the only file that reads the environment, hears signals and opens the port.
import { serve } from '@hono/node-server';
import { createClient } from '@supabase/supabase-js';
import { EnvironmentError, logControl, parseEnvironment, type Environment } from '@tidemark/stores';
import { pino } from 'pino';
import { createGateway } from './gateway.ts';
import { createProviders } from './models/models.ts';
import { createStores } from './stores.ts';

const { env } = process;
const logger = pino({ level: env['LOG_LEVEL'] ?? 'info' });
const environment = readEnvironment();
const { supabase: project } = environment;
if (project.kind === 'none')
  stop(['SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY must be set: the gateway keeps nothing']);
logControl(environment, logger);

const supabase = createClient(project.url, project.serviceRoleKey, {
  auth: { persistSession: false, autoRefreshToken: false },
  global: { fetch: (input, init) => fetch(input, { ...init, cache: 'no-store' }) },
});
const stores = createStores({
  supabase,
  redis: environment.redis,
  env,
  logger,
  instanceName: env['INSTANCE_NAME'],
  requestsPerMinute: Number(env['REQUESTS_PER_MINUTE'] ?? 600),
});
const gateway = createGateway({
  stores,
  providers: createProviders(env),
  supabaseUrl: project.url,
  jwtSecret: env['SUPABASE_JWT_SECRET'],
  logger,
});
const server = serve(
  { fetch: gateway.fetch, hostname: env['HOST'] ?? '127.0.0.1', port: Number(env['PORT'] ?? 8080) },
  ({ address, port }) => {
    logger.info({ url: `http://${address}:${port}` }, 'the gateway listens');
    process.send?.({ port });
  },
);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    void stores[Symbol.asyncDispose]().then(() => process.exit(0));
  });
}
process.once('disconnect', () => process.exit(0));

function readEnvironment(): Environment {
  try {
    return parseEnvironment(env);
  } catch (error) {
    if (error instanceof EnvironmentError) return stop(error.problems);
    throw error;
  }
}

function stop(problems: readonly string[]): never {
  process.stderr.write(`the gateway can not start:\n${problems.map((problem) => `- ${problem}\n`).join('')}`);
  process.exit(1);
}
