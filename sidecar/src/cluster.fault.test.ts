// A sidecar process and every command on a real Redis Cluster, where two namespaces have two masters, before and after one of
// them is killed. People go on saying the keys of one server.
import { createCache, type Cache, type Region } from '@tidemark/cache';
import { type RedisCluster, type Stack, startRedisCluster, startStack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTidemark } from './testing/cli-call.ts';
import { runSql } from './testing/run-sql.ts';
import { SidecarProcess } from './testing/sidecar-process.ts';
import { TidemarkProcess, type TidemarkOutcome } from './testing/tidemark-process.ts';

interface Row {
  readonly id: string;
  readonly name: string;
}

/** Its slot is of another master than that of main. */
const namespace = 'orders';
const table = 'public.orders';

let stack: Stack;
let cluster: RedisCluster;
let sidecar: SidecarProcess;
let env: Record<string, string>;
let pool: Pool;
let cache: Cache;
let region: Region<Row>;

beforeAll(async () => {
  [stack, cluster] = await Promise.all([
    startStack({ redis: false, realtime: false }),
    startRedisCluster({ replicas: 1 }),
  ]);
  await runSql(
    stack.databaseUrl,
    `create table ${table} (id text primary key, name text not null);
     insert into ${table} values ('one', 'first'), ('two', 'first');
     alter table ${table} enable row level security;
     select tidemark.track('${table}', 'id', array['copilot:orders'], '${namespace}')`,
  );
  env = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    DATABASE_URL: stack.databaseUrl,
    REDIS_CLUSTER: cluster.addresses.map(({ host, port }) => `${host}:${port}`).join(),
    TIDEMARK_HINTS: 'none',
    TIDEMARK_CHECKER_PER_SECOND: '50',
    TIDEMARK_CHECKER_TABLES: table,
  };
  sidecar = new SidecarProcess(env);
  await sidecar.ready('working');
  pool = new Pool({ connectionString: stack.databaseUrl });
  pool.on('error', () => {});
  cache = createCache({ redis: { kind: 'cluster', nodes: cluster.addresses }, instanceName: 'api-1' });
  region = cache.region<Row>({ name: 'orders', table, namespace, ttl: '5m', load });
  await cache.ready();
});

afterAll(async () => {
  await cache.close();
  await pool.end();
  await sidecar[Symbol.asyncDispose]();
  await cluster.close();
  await stack.close();
});

async function load(id: string): Promise<Row | null> {
  const { rows } = await pool.query<Row>(`select id, name from ${table} where id = $1`, [id]);
  return rows[0] ?? null;
}

function rename(id: string, name: string): Promise<void> {
  return runSql(stack.databaseUrl, `update ${table} set name = '${name}' where id = '${id}'`);
}

function run(...args: string[]): Promise<TidemarkOutcome> {
  return callTidemark(args, env);
}

/** Until a change by SQL is what the instance answers. */
async function untilCoherent(name: string): Promise<void> {
  await rename('one', name);
  await until(async () => (await region.get('one'))?.name === name, {
    what: `the instance to answer "${name}"`,
    deadlineMs: 30_000,
  });
}

async function explained(key: string): Promise<unknown> {
  return JSON.parse((await run('explain', '--json', key)).out);
}

describe('on a Redis Cluster', () => {
  it('the sidecar serves namespaces of two masters, and says where it is', async () => {
    const nodes = cluster.addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
    expect(sidecar.told('the sidecar has started')?.redis).toBe(`the Cluster of ${nodes}`);
    await untilCoherent('second');
    // It announces itself every two seconds.
    const status = async (): Promise<TidemarkOutcome> => run('status', '--url', await sidecar.url());
    await until(async () => /^instance api-1 \([\d.]+\): fresh/m.test((await status()).out), {
      what: 'the instance to be fresh',
    });
    const { code, out } = await status();
    expect(out).toMatch(/^namespace main: head \d+-\d+, moving, round \d+; listening: \d for hints/m);
    expect(out).toMatch(/^namespace orders: head \d+-\d+, moving, round \d+; listening: 2 for hints, 1 for/m);
    expect(code).toBe(0);
  });

  it('explain finds a value by the key that everybody says, and by the one that the Cluster has', async () => {
    await region.get('two');
    await until(async () => (await run('explain', 'copilot:orders:two')).code === 0, {
      what: 'the value in L2',
    });
    const answer = {
      key: 'copilot:orders:two',
      regions: [{ prefix: 'copilot:orders', namespace, verdict: { kind: 'fresh' } }],
    };
    expect(await explained('copilot:orders:two')).toMatchObject(answer);
    expect(await explained('{copilot:orders}:orders:two')).toMatchObject(answer);
  });

  it('tail shows what invalidate drops, from the slot of its namespace', async () => {
    await using tail = new TidemarkProcess(['tail', '--json', '--count=1', '--table', table], env);
    await until(() => tail.err.includes('listening'), { what: 'tail to listen' });
    expect((await run('invalidate', '{copilot:orders}:orders:two')).code).toBe(0);
    expect(await tail.exited).toMatchObject({ code: 0 });
    expect(JSON.parse(tail.out)).toMatchObject({ namespace, changes: { [table]: ['two'] } });
  });

  it.each([['status'], ['explain', 'copilot:order:one'], ['tail']])(
    '%s says what to set when a node is taken for a single server',
    async (...args) => {
      const { REDIS_CLUSTER: _, ...single } = env;
      const url = cluster.nodes[0]?.url ?? '';
      const { code, err } = await callTidemark(args, { ...single, REDIS_URL: url });
      expect(code).toBe(3);
      expect(err).toContain(
        `Redis at ${url} can't be asked (this Redis is a node of a Cluster, and is taken for a single server: `,
      );
      expect(err).not.toContain('CROSSSLOT');
    },
  );

  it('the doctor finds it healthy, and refuses a node that is taken for a single server', async () => {
    const { out } = await run('doctor', '--json');
    const { findings } = JSON.parse(out) as {
      findings: { check: string; status: string; sentence: string }[];
    };
    for (const check of ['redis', 'rounds', 'record-arrival', 'redis-delay']) {
      expect(findings.find((finding) => finding.check === check)).toMatchObject({ status: 'ok' });
    }
    const { REDIS_CLUSTER: _, ...single } = env;
    const alone = await callTidemark(['doctor', '--json'], {
      ...single,
      REDIS_URL: cluster.nodes[0]?.url ?? '',
    });
    expect(alone.out).toContain('got a node of a Cluster: name its nodes by REDIS_CLUSTER');
  });

  it('the page shows the instance, and a record of every master', async () => {
    const { body } = await fetch(`${await sidecar.url()}/snapshots`);
    let seen = '';
    await rename('two', 'on the page');
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      seen += part;
      if (/"api-1"/.test(seen) && /"namespace":"orders"/.test(seen) && /public\.orders/.test(seen)) break;
    }
    expect(seen).toContain('"api-1"');
  });

  it('the checker compares L2 values with their rows', async () => {
    const counted = async (): Promise<number> => {
      const response = await fetch(`${await sidecar.url()}/metrics`);
      const found = /^tidemark_checker_agreed\S* (\d+)$/m.exec(await response.text());
      return Number(found?.[1] ?? 0);
    };
    await until(async () => (await counted()) > 0, { what: 'a value that agrees with its row' });
  });

  it('the rounds go on when the master of a namespace is killed, and nothing old is served (R2, R6)', async () => {
    const node = new Redis(cluster.nodes[0]?.url ?? '');
    const slot = await node.cluster('KEYSLOT', '{copilot:orders}');
    node.disconnect();
    const master = await cluster.masterOf(slot);
    await master.kill();
    await untilCoherent('third');
    await sidecar.ready('working');
    await cache.ready();
    await untilCoherent('fourth');
    expect((await region.get('one'))?.name).toBe('fourth');
  });
});
