// A gateway to test: a real PostgreSQL with the tables the recordings were made with, an HTTP server in front, tokens.
// Owns all of it until close(). The tables are reconstructed from what the recordings show of them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { Pool } from 'pg';
import { type PostgresServer, startPostgres } from '../postgres/index.ts';
import { createRealtimeGateway, installRealtimeSql, type RealtimeGateway } from '../realtime/index.ts';
import type { RealtimeGatewayOptions } from '../realtime/options.ts';

export const jwtSecret = 'a-secret-of-the-tests-with-at-least-32-characters';

export interface TokenRequest {
  readonly role: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Default an hour; negative: expired. */
  readonly expiresInSeconds?: number;
  readonly secret?: string;
}

export async function makeToken(request: TokenRequest): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  return await new SignJWT({ role: request.role, iss: 'supabase', ...request.claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + (request.expiresInSeconds ?? 3_600))
    .sign(new TextEncoder().encode(request.secret ?? jwtSecret));
}

export interface RealtimeBench extends RealtimeDoor {
  readonly postgres: PostgresServer;
  /** Runs statements as a superuser, each call on one connection. */
  sql(text: string): Promise<void>;
  /** Another gateway on the same PostgreSQL. */
  openDoor(options?: Partial<RealtimeGatewayOptions>): Promise<RealtimeDoor>;
}

/** A gateway with the HTTP server it stands behind. */
export interface RealtimeDoor extends AsyncDisposable {
  readonly gateway: RealtimeGateway;
  /** http://127.0.0.1:port */
  readonly url: string;
  close(): Promise<void>;
}

/** Fast where the recorded server is slow on purpose; what a test is about it sets itself. */
const quick = {
  changesPollMs: 10,
  refusalDelayMs: { connect: 20, join: 20 },
  resubscribeMs: 20,
  reconnectMs: { first: 20, longest: 100 },
} as const;

export async function startRealtimeBench(
  options: Partial<RealtimeGatewayOptions> = {},
): Promise<RealtimeBench> {
  const postgres = await startPostgres();
  const databaseUrl = postgres.urlFor('supabase_admin');
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  // PostgreSQL is stopped in many tests, also between two queries.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  await installRealtimeSql(databaseUrl);
  await pool.query(recordedTables);
  const openDoor = (own: Partial<RealtimeGatewayOptions> = {}): Promise<RealtimeDoor> =>
    startDoor({ databaseUrl, jwtSecret, ...quick, ...own });
  const door = await openDoor(options);
  const close = async (): Promise<void> => {
    await door.close();
    await pool.end();
    await postgres.close();
  };
  return {
    postgres,
    gateway: door.gateway,
    url: door.url,
    openDoor,
    sql: async (text) => {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        await client.query(text);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        client.release(failure);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startDoor(options: RealtimeGatewayOptions): Promise<RealtimeDoor> {
  const gateway = createRealtimeGateway(options);
  const server = createServer((request, response) => void gateway.handleHttp(request, response));
  server.on('upgrade', (request, socket, head) => gateway.handleUpgrade(request, socket, head));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  await gateway.start();
  const close = async (): Promise<void> => {
    await gateway.close();
    server.closeAllConnections();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { gateway, url, close, [Symbol.asyncDispose]: close };
}

export function socketUrl(door: RealtimeDoor, token: string, vsn = '2.0.0'): string {
  return `${door.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${token}&vsn=${vsn}`;
}

const policyColumns = `tenant_id uuid primary key, model text, max_tokens int, note text,
  updated_at timestamptz default clock_timestamp()`;

const recordedTables = `
create schema copilot_internal;
grant usage on schema copilot_internal to anon, authenticated, service_role;
create table copilot_internal.tenant_llm_policies (${policyColumns});
create table copilot_internal.rls_full (${policyColumns});
create table copilot_internal.norls_default (${policyColumns});
create table copilot_internal.norls_full (${policyColumns});
alter table copilot_internal.tenant_llm_policies enable row level security;
alter table copilot_internal.rls_full enable row level security;
alter table copilot_internal.rls_full replica identity full;
alter table copilot_internal.norls_full replica identity full;
create policy own on copilot_internal.tenant_llm_policies for select to authenticated
  using (tenant_id::text = (auth.jwt() ->> 'tenant_id'));
create policy own on copilot_internal.rls_full for select to authenticated
  using (tenant_id::text = (auth.jwt() ->> 'tenant_id'));
create table copilot_internal.composite (tenant_id uuid, key text, v int, primary key (tenant_id, key));
create table copilot_internal.no_pk (a int, b text);
alter table copilot_internal.no_pk replica identity full;
create table copilot_internal.not_published (tenant_id uuid primary key, b text);
create table copilot_internal.lat (id int primary key, v int, at timestamptz default clock_timestamp());
create table copilot_internal.bulk (id int primary key, v int);
create table copilot_internal.added_later (id int primary key);
grant select, insert, update, delete on all tables in schema copilot_internal to anon, authenticated, service_role;
create table copilot_internal.no_grant (id int primary key, v int);
insert into copilot_internal.lat (id, v) values (1, 0);
alter publication supabase_realtime add table
  copilot_internal.tenant_llm_policies, copilot_internal.rls_full, copilot_internal.norls_default,
  copilot_internal.norls_full, copilot_internal.composite, copilot_internal.no_pk, copilot_internal.no_grant,
  copilot_internal.lat, copilot_internal.bulk;
-- Not in the schema of the recordings: some of them listen to all of it.
create schema bench;
grant usage on schema bench to service_role;
create table bench.barrier (id int primary key);
grant select on bench.barrier to service_role;
alter publication supabase_realtime add table bench.barrier;
create function copilot_internal.announce() returns trigger language plpgsql security definer as $$
begin
  perform realtime.broadcast_changes('policies', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end $$;
`;
