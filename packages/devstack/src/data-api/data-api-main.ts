// The process that serves /rest/v1 and /auth/v1: @supabase/lite over the local PostgreSQL, a process of its own so that it
// can be killed and frozen like the real one. Checks tokens; API keys are the gateway's business. Told what to do by one
// environment variable (data-api-config.ts).
import { serve } from '@hono/node-server';
import { App, type ServerOptions } from '@supabase/lite';
import { PostgresConnection } from '@supabase/lite/postgres';
import { configVariable, type DataApiConfig, readyMessage, reloadPath } from './data-api-config.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { isConnectionError } from './postgrest-errors.ts';
import { RestConnection } from './rest-connection.ts';

const config = JSON.parse(process.env[configVariable] ?? '{}') as DataApiConfig;

const reconnectEveryMs = 250;

const server = { apiKeys: false as const, disableStudio: true, disableFallback: true };

/**
 * lite looks the user and the session of a token up in Auth's tables, for each request. PostgREST knows nothing of Auth:
 * a token that is signed and not expired counts. With both set, lite skips that and checks the signature only.
 */
const trustTokens: NonNullable<ServerOptions['middlewares']>[number] = async (context, next) => {
  context.set('userId', 'unused');
  context.set('sessionId', 'unused');
  await next();
};

const connection = new RestConnection(config.restUrl, config.catalogUrl);
const rest = new App({
  connection,
  api: { enabled: true, schemas: [...config.schemas], max_rows: config.maxRows },
  auth: { enabled: false, jwt_secret: config.jwtSecret },
  options: { server: { ...server, middlewares: [trustTokens] } },
});
const auth = new App({
  connection: new PostgresConnection({
    url: config.authUrl,
    postgresOptions: { max: 2, onnotice: () => undefined },
  }),
  auth: {
    enabled: true,
    jwt_secret: config.jwtSecret,
    site_url: config.siteUrl,
    enable_signup: true,
    // No mailbox to confirm from: who signs up is signed in.
    email: { enable_signup: true, enable_confirmations: false },
  },
  options: { server },
});

void keepSchemaFresh();
serve({ fetch: answer, port: config.port, hostname: '127.0.0.1' }, () => console.log(readyMessage));

/** Like PostgREST we come up without a database, answer 503, and are there when it is. */
async function keepSchemaFresh(): Promise<void> {
  for (;;) {
    try {
      await connection.introspect({ useCache: true });
      await connection.listenForReload(() => void connection.clearSchemaCache());
      return;
    } catch (error) {
      console.error(error);
      await delay(reconnectEveryMs);
    }
  }
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  try {
    if (pathname === reloadPath) return await reload();
    if (pathname.startsWith('/auth/v1')) return await auth.fetch(request);
    // Almost always there already. Without a schema cache lite would answer that no relation exists.
    await connection.introspect({ useCache: true });
    return await rest.fetch(request);
  } catch (error) {
    return failure(error);
  }
}

async function reload(): Promise<Response> {
  await connection.clearSchemaCache();
  await connection.introspect();
  return new Response(null, { status: 204 });
}

/** Mostly a database that is away while the schema cache is read. */
function failure(error: unknown): Response {
  console.error(error);
  if (!isConnectionError(error)) {
    return Response.json(
      { code: 'PGRSTX00', message: String(error), details: null, hint: null },
      { status: 500 },
    );
  }
  return Response.json(
    {
      code: 'PGRST002',
      message: 'Could not query the database for the schema cache. Retrying.',
      details: null,
      hint: null,
    },
    { status: 503 },
  );
}
