import { startRedis, type Stack, startStack, until } from '@tidemark/devstack';
import { silentLogger } from '@tidemark/protocol';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getActiveResourcesInfo } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from './config/config.ts';
import { startSidecar } from './sidecar.ts';
import { RecordListener } from './testing/record-listener.ts';
import { runSql } from './testing/run-sql.ts';
import { SidecarProcess } from './testing/sidecar-process.ts';

const policies = 'copilot_internal.tenant_llm_policies';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await runSql(
    stack.databaseUrl,
    `create table public.flags (id text primary key, is_on boolean not null);
     grant all on public.flags to service_role;
     alter publication supabase_realtime add table public.flags;`,
  );
});

afterAll(() => stack.close());

function environment(changed: Record<string, string> = {}): Record<string, string> {
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
    ...changed,
  };
}

function insertPolicy(tenant: string): Promise<void> {
  return runSql(
    stack.databaseUrl,
    `insert into ${policies} (tenant_id, default_model, default_provider) values ('${tenant}', 'm', 'p')`,
  );
}

describe('a sidecar process (#42)', () => {
  it.each([
    ['over rpc', () => ({})],
    ['over a direct connection', () => ({ DATABASE_URL: stack.databaseUrl })],
    [
      'without Supabase, on PostgreSQL alone',
      () => ({ DATABASE_URL: stack.databaseUrl, SUPABASE_URL: '', SUPABASE_SERVICE_ROLE_KEY: '' }),
    ],
  ])('publishes what was changed in SQL, %s, and ends with 0 on SIGTERM', async (name, changed) => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'main');
    await using sidecar = new SidecarProcess(environment(changed()));
    await sidecar.ready('working');
    await insertPolicy(name);
    await listener.hears(policies, name);
    const { body } = await sidecar.readiness();
    expect(body.tables).toContainEqual(expect.objectContaining({ table: policies, isBestEffort: false }));

    sidecar.kill('SIGTERM');
    expect(await sidecar.exited).toEqual({ code: 0, signal: null });
    expect(sidecar.err).toBe('');
  });

  it('hears from PostgreSQL itself what changed, without Realtime (#42, R6)', async () => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'main');
    await using sidecar = new SidecarProcess(
      environment({
        DATABASE_URL: stack.databaseUrl,
        SUPABASE_URL: '',
        SUPABASE_SERVICE_ROLE_KEY: '',
        TIDEMARK_HINTS: 'direct',
      }),
    );
    await sidecar.ready('working');
    const direct = async (): Promise<{ state: string; heard: number } | undefined> => {
      const { hints } = (await sidecar.readiness()).body.engine;
      return hints.find(({ name }) => name === 'direct') as { state: string; heard: number } | undefined;
    };
    await until(async () => (await direct())?.state === 'listening', { what: 'the direct hints' });
    await insertPolicy('heard directly');
    await listener.hears(policies, 'heard directly');
    await until(async () => ((await direct())?.heard ?? 0) > 0, { what: 'the hint to be counted' });
  });

  it('is alive and says no secret, at the most talkative level', async () => {
    await using sidecar = new SidecarProcess(
      environment({ LOG_LEVEL: 'trace', DATABASE_URL: stack.databaseUrl }),
    );
    await sidecar.ready();
    expect((await fetch(`${await sidecar.url()}/healthz`)).status).toBe(200);
    sidecar.kill('SIGINT');
    expect(await sidecar.exited).toEqual({ code: 0, signal: null });
    expect(sidecar.said).not.toContain(stack.serviceRoleKey);
    expect(sidecar.said).not.toContain('postgres:postgres@');
  });

  it('feeds a table without triggers from Realtime alone, in a namespace of its own', async () => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'best-effort');
    await using sidecar = new SidecarProcess(
      environment({ TIDEMARK_BEST_EFFORT_TABLES: 'public.flags(id)=copilot:flags' }),
    );
    await sidecar.ready('working');
    const { body } = await sidecar.readiness();
    expect(body.engine.namespaces.map(({ namespace }) => namespace).sort()).toEqual([
      'best-effort',
      'conversations',
      'main',
    ]);
    expect(body.tables).toContainEqual(
      expect.objectContaining({ table: 'public.flags', isBestEffort: true }),
    );

    const named = (keys: string[]): boolean =>
      listener.records.some(({ changes }) => String(changes.get('public.flags') ?? []) === String(keys));
    await runSql(stack.databaseUrl, `insert into public.flags values ('a', true)`);
    await until(() => named(['a']), { what: 'the inserted key' });
    await runSql(stack.databaseUrl, `update public.flags set id = 'b' where id = 'a'`);
    await until(() => named(['a', 'b']), { what: 'the old and the new key' });
    await runSql(stack.databaseUrl, `delete from public.flags`);
    await until(() => named(['b']), { what: 'the deleted key' });
  });

  it('can run inside a process of somebody else, and leaves nothing there', async () => {
    const sockets = (): number => getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = sockets();
    const config = resolveConfig({ args: ['--port=0'], env: environment() });
    const sidecar = await startSidecar(config, { logger: silentLogger });
    await until(() => sidecar.status().isReady, { what: 'the sidecar to be ready' });
    expect((await fetch(`${sidecar.url}/readyz`)).status).toBe(200);
    expect(sockets()).toBeGreaterThan(before);
    await Promise.all([sidecar.close(), sidecar.close()]);
    await expect(fetch(`${sidecar.url}/healthz`)).rejects.toThrow();
    // The pool of fetch keeps its connections for some seconds.
    await until(() => sockets() <= before, { what: 'the sockets to be gone' });
  });

  it('takes a file, with secrets from files, and warns of declared tables that are not tracked so', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-config-'));
    try {
      writeFileSync(path.join(folder, 'service-role-key'), `${stack.serviceRoleKey}\n`);
      const file = path.join(folder, 'tidemark.yaml');
      writeFileSync(
        file,
        `supabase: { url: "${stack.url}", serviceRoleKeyFile: service-role-key }
redis: { url: "${stack.redisUrl}" }
hints: none
tables:
  - { table: ${policies}, key: id, prefixes: [copilot:llm:policy] }
  - { table: copilot_internal.conversations, key: id, prefixes: [copilot:conv:conversation] }
  - { table: public.flags, key: id, prefixes: [copilot:flags] }
`,
      );
      await using sidecar = new SidecarProcess({ TIDEMARK_CONFIG: file });
      await sidecar.ready('working');
      const problems = sidecar.log
        .filter(({ msg }) => msg === 'a table is not followed as the configuration says')
        .map(({ problem }) => problem);
      expect(problems).toEqual([
        expect.stringMatching(
          /^copilot_internal\.tenant_llm_policies is declared with the key id, and tracked with the key tenant_id/,
        ),
        expect.stringMatching(
          /^public\.flags is declared and not tracked.*: run tidemark track public\.flags --key id --prefix copilot:flags$/,
        ),
      ]);
      expect(sidecar.said).not.toContain(stack.serviceRoleKey);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('warns of a journal that follows no table', async () => {
    await using other = await startStack({ realtime: false });
    await runSql(other.databaseUrl, 'select tidemark.untrack(tbl) from tidemark.watch');
    await using sidecar = new SidecarProcess({
      DATABASE_URL: other.databaseUrl,
      REDIS_URL: other.redisUrl,
    });
    await sidecar.ready('working');
    expect(sidecar.log).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringMatching(/^no table is tracked/) }),
    );
  });
});

describe('a sidecar process that can not work as configured', () => {
  async function refusal(env: Record<string, string>): Promise<string[]> {
    await using sidecar = new SidecarProcess(env);
    expect(await sidecar.exited).toEqual({ code: 1, signal: null });
    expect(sidecar.told('the sidecar has started')).toBeUndefined();
    expect(sidecar.said).not.toMatch(/^\s+at /m);
    const [title, ...problems] = sidecar.err.trimEnd().split('\n');
    expect(title).toMatch(/^tidemark-sidecar can not start/);
    return problems;
  }

  it('names the key that is of another project', async () => {
    const key = await otherKey();
    const problems = await refusal(environment({ SUPABASE_SERVICE_ROLE_KEY: key }));
    expect(problems).toEqual([
      expect.stringMatching(/^- Supabase refused the key: set SUPABASE_SERVICE_ROLE_KEY/),
    ]);
    expect(problems.join()).not.toContain(key);
  });

  it('names the anon key', async () => {
    expect(await refusal(environment({ SUPABASE_SERVICE_ROLE_KEY: stack.anonKey }))).toEqual([
      expect.stringMatching(
        /^- SUPABASE_SERVICE_ROLE_KEY must be the service_role key, got the key of the role anon/,
      ),
    ]);
  });

  it('names the URL that leads elsewhere', async () => {
    expect(await refusal(environment({ SUPABASE_URL: `${stack.url}/elsewhere` }))).toEqual([
      expect.stringMatching(/^- what answers at SUPABASE_URL is not the Data API/),
    ]);
  });

  it('names the URL of Redis that is none, together with whatever else is wrong', async () => {
    expect(await refusal(environment({ REDIS_URL: 'localhost:6379', TIDEMARK_PORT: 'x' }))).toEqual([
      expect.stringMatching(/^- REDIS_URL must be a redis:\/\//),
      expect.stringMatching(/^- TIDEMARK_PORT must be a whole number/),
    ]);
  });

  it('names the password that Redis wants, or refuses', async () => {
    await using redis = await startRedis({ settings: { requirepass: 'correct-horse' } });
    const { port } = new URL(redis.url);
    const env = environment({ REDIS_URL: `redis://127.0.0.1:${port}` });
    expect(await refusal(env)).toEqual([
      expect.stringMatching(/^- Redis at redis:\/\/127\.0\.0\.1:\d+ refuses the credentials/),
    ]);
    const wrong = await refusal({ ...env, REDIS_PASSWORD: 'battery-staple' });
    expect(wrong).toEqual([expect.stringMatching(/refuses the credentials/)]);
    expect(wrong.join()).not.toContain('battery-staple');
  });

  it.each([
    ['over rpc', () => ({}), 'supabase db push'],
    [
      'over a direct connection',
      (other: Stack) => ({ DATABASE_URL: other.databaseUrl }),
      'apply supabase/migrations',
    ],
  ])('names the migrations that are missing, %s', async (_name, changed, advice) => {
    await using other = await startStack({ migrations: 'none', realtime: false });
    const env = {
      SUPABASE_URL: other.url,
      SUPABASE_SERVICE_ROLE_KEY: other.serviceRoleKey,
      REDIS_URL: other.redisUrl,
      ...changed(other),
    };
    const [problem, ...more] = await refusal(env);
    expect(more).toEqual([]);
    expect(problem).toMatch(/^- the journal is not installed/);
    expect(problem).toContain(advice);
  });

  it('names the schema that is not exposed', async () => {
    await using other = await startStack({ realtime: false, schemas: ['copilot_internal'] });
    const env = {
      SUPABASE_URL: other.url,
      SUPABASE_SERVICE_ROLE_KEY: other.serviceRoleKey,
      REDIS_URL: other.redisUrl,
    };
    expect(await refusal(env)).toEqual([expect.stringMatching(/^- the schema public is not exposed/)]);
  });

  it('names the user or password that PostgreSQL refuses', async () => {
    const url = new URL(stack.databaseUrl);
    url.password = 'battery-staple';
    const problems = await refusal(environment({ DATABASE_URL: url.href }));
    expect(problems).toEqual([
      expect.stringMatching(/^- PostgreSQL refused the user or the password of DATABASE_URL/),
    ]);
  });

  it('names the port that is taken', async () => {
    const { port } = new URL(stack.url);
    expect(await refusal(environment({ TIDEMARK_PORT: port }))).toEqual([
      expect.stringMatching(/^- TIDEMARK_HOST and TIDEMARK_PORT must be an address to listen on.*EADDRINUSE/),
    ]);
  });

  /** Signed with another secret. */
  async function otherKey(): Promise<string> {
    await using other = await startStack({ migrations: 'none', redis: false, realtime: false });
    return other.serviceRoleKey;
  }
});
