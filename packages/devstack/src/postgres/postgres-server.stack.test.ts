import { existsSync } from 'node:fs';
import { Client, type QueryResult } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, processTree } from '../processes/process-tree.ts';
import { until } from '../processes/until.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

let server: PostgresServer;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startPostgres();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined);
});

afterAll(() => server.close());

async function connect(url = server.url): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function query(text: string, url = server.url): Promise<QueryResult> {
  return (await connect(url)).query(text);
}

describe('a fresh database', () => {
  test('has the roles of Supabase, with their powers', async () => {
    const { rows } = await query(`
      select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles
      where rolname !~ '^pg_' order by rolname`);
    const names = rows
      .filter((role: Record<string, unknown>) => role['rolsuper'])
      .map((role: Record<string, unknown>) => role['rolname']);
    expect(names).toEqual(['supabase_admin']);
    expect(rows).toContainEqual({
      rolname: 'anon',
      rolsuper: false,
      rolbypassrls: false,
      rolcanlogin: false,
    });
    expect(rows).toContainEqual({
      rolname: 'service_role',
      rolsuper: false,
      rolbypassrls: true,
      rolcanlogin: false,
    });
    expect(rows).toContainEqual({
      rolname: 'authenticator',
      rolsuper: false,
      rolbypassrls: false,
      rolcanlogin: true,
    });
    expect(rows.map((role: Record<string, unknown>) => role['rolname'])).toContain('authenticated');
  });

  test('reads the token the way row level security does', async () => {
    const client = await connect();
    await client.query('begin');
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ sub: '5d6a8ba4-0d3b-4dd5-8b6b-0f6e4c7a5f10', role: 'authenticated', tenant_id: 't1' }),
    ]);
    const { rows } = await client
      .query(`
      set local role authenticated;
      select auth.uid() as uid, auth.role() as role, auth.jwt() ->> 'tenant_id' as tenant`)
      .then((results) => (results as unknown as QueryResult[])[1]!);
    expect(rows).toEqual([
      { uid: '5d6a8ba4-0d3b-4dd5-8b6b-0f6e4c7a5f10', role: 'authenticated', tenant: 't1' },
    ]);
    await client.query('rollback');
    expect((await client.query('select auth.uid(), auth.jwt()')).rows).toEqual([{ uid: null, jwt: null }]);
  });

  test('has the publication, the schemas and logical decoding', async () => {
    expect((await query('select pubname from pg_publication')).rows).toContainEqual({
      pubname: 'supabase_realtime',
    });
    const { rows } = await query(`
      select nspname from pg_namespace where nspname in ('auth', 'extensions', 'realtime') order by nspname`);
    expect(rows.map((row: Record<string, unknown>) => row['nspname'])).toEqual([
      'auth',
      'extensions',
      'realtime',
    ]);
    expect((await query('show wal_level')).rows).toEqual([{ wal_level: 'logical' }]);
    const client = await connect();
    await client.query(`select pg_create_logical_replication_slot('probe', 'pgoutput')`);
    await client.query(`select pg_drop_replication_slot('probe')`);
  });

  test('lets postgres own and publish tables, but not do what only a superuser may', async () => {
    const client = await connect();
    await client.query('create schema shop; create table shop.things (id text primary key)');
    await client.query('alter publication supabase_realtime add table shop.things');
    await client.query('set session_replication_role = replica; set session_replication_role = origin');
    await expect(client.query('create role boss superuser')).rejects.toMatchObject({ code: '42501' });
    await client.query('drop schema shop cascade');
  });

  test('refuses a wrong password', async () => {
    await expect(query('select 1', server.url.replace(':postgres@', ':wrong@'))).rejects.toMatchObject({
      code: '28P01',
    });
  });
});

describe('the life of the server', () => {
  test('a restart keeps port and data, whatever the mode, and ends connections', async () => {
    await query('create table kept (id int); insert into kept values (1)');
    for (const mode of ['fast', 'immediate'] as const) {
      const before = server.pid;
      const connected = await connect();
      await server.restart(mode);
      expect(server.pid).not.toBe(before);
      await expect(connected.query('select 1')).rejects.toThrow();
      expect((await query('select * from kept')).rows).toEqual([{ id: 1 }]);
    }
  });

  test('kill -9 takes all its processes at once; acknowledged commits are there afterwards', async () => {
    const client = await connect();
    await client.query('create table survived (id int); insert into survived select generate_series(1, 100)');
    const processes = processTree(server.pid ?? 0);
    expect(processes.length).toBeGreaterThan(3);
    await server.kill();
    await until(() => processes.every((pid) => !isAlive(pid)), { what: 'all processes to be gone' });
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect((await query('select count(*)::int as count from survived')).rows).toEqual([{ count: 100 }]);
  });

  test('frozen it accepts nothing and answers nothing, thawed it goes on where it was', async () => {
    const client = await connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await server.freeze();
    const answer = client.query('select 1 as one');
    const first = await Promise.race([answer.then(() => 'answered'), stillness().then(() => 'nothing')]);
    expect(first).toBe('nothing');
    server.thaw();
    expect((await answer).rows).toEqual([{ one: 1 }]);
    expect((await client.query('select pg_backend_pid() as pid')).rows).toEqual(rows);
  });

  test('a stopped server refuses what needs a running one', async () => {
    await server.stop();
    expect(server.pid).toBeUndefined();
    await expect(server.kill()).rejects.toThrow('cannot kill PostgreSQL: it is stopped');
    await expect(server.freeze()).rejects.toThrow('cannot freeze PostgreSQL: it is stopped');
    await server.start();
    await expect(server.start()).rejects.toThrow('cannot start PostgreSQL: it is running already');
  });
});

/** A whole life of another server: long enough for a server that is not frozen to answer. */
async function stillness(): Promise<void> {
  const other = await startPostgres();
  await query('select 1', other.url);
  await other.close();
}

describe('side by side', () => {
  test('servers do not see each other, and close removes processes and data, also after kill -9', async () => {
    const others = await Promise.all([startPostgres(), startPostgres({ settings: { work_mem: '5MB' } })]);
    const [first, second] = others;
    await query('create table mine (id int)', first.url);
    expect((await query(`select to_regclass('mine') as found`, second.url)).rows).toEqual([{ found: null }]);
    expect((await query('show work_mem', second.url)).rows).toEqual([{ work_mem: '5MB' }]);

    const processes = others.flatMap((other) => processTree(other.pid ?? 0));
    await first.kill();
    await second.freeze();
    await Promise.all(others.flatMap((other) => [other.close(), other.close()]));
    await until(() => processes.every((pid) => !isAlive(pid)), { what: 'all processes to be gone' });
    for (const other of others) expect(existsSync(other.dataFolder)).toBe(false);
    await expect(first.start()).rejects.toThrow('cannot start PostgreSQL: it is closed');
  });

  test('a port that is taken is an error that says so', async () => {
    await expect(startPostgres({ port: server.port })).rejects.toMatchObject({
      code: 'DEVSTACK_START_FAILED',
      message: expect.stringContaining('Address already in use') as string,
    });
  });

  test('a setting PostgreSQL does not know is an error that says so', async () => {
    await expect(startPostgres({ settings: { no_such_setting: 1 } })).rejects.toMatchObject({
      code: 'DEVSTACK_START_FAILED',
      message: expect.stringContaining('no_such_setting') as string,
    });
  });
});
