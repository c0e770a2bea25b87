import { type Stack, startStack, until } from '@tidemark/devstack';
import { fill, formatHead, namespaceKeys, parseHead, valueOwner } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTidemark } from '../testing/cli-call.ts';
import { InstanceProcess } from '../testing/instance-process.ts';
import { RecordListener } from '../testing/record-listener.ts';
import { runSql } from '../testing/run-sql.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';
import { runTidemark, TidemarkProcess, type TidemarkOutcome } from '../testing/tidemark-process.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const prefix = 'copilot:llm:policy';
const keys = namespaceKeys('copilot', 'main');

let stack: Stack;
let sidecar: SidecarProcess;
let redis: Redis;
let env: Record<string, string>;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  env = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
    TIDEMARK_HINTS: 'none',
  };
  sidecar = new SidecarProcess(env);
  await sidecar.ready('working');
  redis = new Redis(stack.redisUrl);
});

afterAll(async () => {
  redis.disconnect();
  await sidecar[Symbol.asyncDispose]();
  await stack.close();
});

/** Inside this process: a start of the program for each call would take most of the time. */
function run(...args: string[]): Promise<TidemarkOutcome> {
  return callTidemark(args, env);
}

/** As an instance stores what it loaded. */
async function fillL2(encodedKey: string): Promise<void> {
  const { position } = parseHead((await redis.get(keys.head)) ?? '')!;
  const isStored = await fill(redis, {
    keys,
    valueKey: `${prefix}:${encodedKey}`,
    owner: valueOwner(prefix, encodedKey),
    encodedKey,
    tables: [policies],
    value: { notedAt: position, payload: '{"secret":"row"}' },
    ttlMs: 60_000,
  });
  expect(isStored).toBe(true);
}

describe('tidemark status', () => {
  it('names who runs the rounds, the head and the tables, from HTTP and Redis', async () => {
    const { code, out, err } = await runTidemark(['status', '--url', await sidecar.url()], env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^sidecar http:\/\/127\.0\.0\.1:\d+: ready\n {2}rounds of main: working\n/);
    expect(out).toMatch(/^namespace main: head \d+-\d+, moving, round \d+; listening: 1 for hints, \d for/m);
    expect(out).toMatch(/^ {2}copilot_internal\.tenant_llm_policies {2}copilot:llm:policy$/m);
    expect(out).toMatch(/^namespace conversations: /m);
    expect(out).toMatch(/all is well\n$/);
  });

  it('names the instances that are fresh', async () => {
    await using instance = new InstanceProcess('api-1', stack);
    await until(
      async () => /^instance api-1 \([\d.]+\): fresh, tidemark \d+ ms old$/m.test((await run('status')).out),
      {
        what: 'the instance to be fresh',
      },
    );
    // It takes its announcement back; a killed one would be called frozen for half a minute.
    instance.kill('SIGTERM');
    await instance.exited;
  });

  it('is content with Redis alone, and with the sidecar alone', async () => {
    const byRedis = await callTidemark(['status', '--json', '--port=1'], { REDIS_URL: stack.redisUrl });
    expect(byRedis.code).toBe(0);
    expect(JSON.parse(byRedis.out)).toMatchObject({
      sidecar: { kind: 'silent' },
      namespaces: expect.arrayContaining([
        expect.objectContaining({ namespace: 'main', isMoving: true, hintListeners: 1 }),
      ]),
      problems: [],
    });
    const byHttp = await callTidemark(['status', '--url', await sidecar.url()]);
    expect(byHttp).toMatchObject({ code: 0, err: '' });
  });

  it('ends with 1 when the head stands still, also while rounds are begun and none gets done', async () => {
    const head = {
      position: { generation: 1, sequence: 0 },
      floor: 1,
      done: 1,
      watchHash: 'h',
      tableFloors: new Map(),
    };
    const begin = (begun: number): Promise<unknown> =>
      redis.set('other:tidemark:main:head', formatHead({ ...head, begun }));
    await begin(1);
    const over = new AbortController();
    const running = run('status', '--key-prefix=other', '--port=1').finally(() => over.abort());
    for (let begun = 2; !over.signal.aborted; begun += 1) await begin(begun);
    const { code, out } = await running;
    expect(code).toBe(1);
    expect(out).toContain('problem: the head of the namespace main stands still: nobody runs rounds\n');
  });
});

describe('tidemark tail', () => {
  it('shows what is invalidated, and ends with 0 after so many records, by Ctrl-C, or when nobody reads it', async () => {
    await using counted = new TidemarkProcess(['tail', '--json', '--count=1', '--table', policies], env);
    await using forever = new TidemarkProcess(['tail'], env);
    await using piped = new TidemarkProcess(['tail'], env);
    for (const process of [counted, forever, piped]) {
      await until(() => process.err.includes('listening'), { what: 'tail to listen' });
    }
    piped.closeOutput();
    await runSql(
      stack.databaseUrl,
      `insert into ${policies} (tenant_id, default_model, default_provider) values ('tailed', 'm', 'p')`,
    );
    expect(await counted.exited).toMatchObject({ code: 0 });
    expect(await piped.exited).toMatchObject({ code: 0 });
    expect(piped.err).toMatch(/^tidemark: listening.*\n$/);
    expect(JSON.parse(counted.out)).toMatchObject({ namespace: 'main', changes: { [policies]: ['tailed'] } });
    await until(() => forever.out.includes(`main  `), { what: 'the record' });
    expect(forever.out).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}main {2}\d+-\d+ {2}copilot_internal\.tenant_llm_policies tailed\n$/,
    );

    await redis.client('KILL', 'TYPE', 'pubsub');
    await until(() => forever.err.split('listening').length === 3, { what: 'tail to listen again' });
    expect(forever.err).toContain('the connection to Redis is lost; what happens meanwhile is not shown\n');
    expect((await run('invalidate', '--table', policies, 'again')).code).toBe(0);
    await until(() => forever.out.includes(' again\n'), { what: 'the record after the loss' });
    forever.kill('SIGINT');
    expect(await forever.exited).toMatchObject({ code: 0 });
  });
});

describe('tidemark explain and invalidate (#38)', () => {
  it('tell a fresh value, drop it from Redis by a record, and tell that it is gone', async () => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'main');
    await fillL2('acme');
    const fresh = await run('explain', `${prefix}:acme`);
    expect(fresh).toMatchObject({ code: 0, err: '' });
    expect(fresh.out).toMatch(/^region +copilot:llm:policy, key acme$/m);
    expect(fresh.out).toMatch(/^invalidated by +copilot_internal\.tenant_llm_policies$/m);
    expect(fresh.out).toMatch(/^in L2 +\d+ characters, for another (?:60|59|5\d) s$/m);
    expect(fresh.out).toMatch(/^verdict +fresh: /m);
    expect(fresh.out).not.toContain('secret');

    const done = await runTidemark(['invalidate', `${prefix}:acme`], env);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toMatch(/^journaled: copilot_internal\.tenant_llm_policies acme\n/);
    await listener.hears(policies, 'acme');
    await until(async () => (await redis.exists(`${prefix}:acme`)) === 0, { what: 'the value to be gone' });

    const gone = await run('explain', `${prefix}:acme`, '--json');
    expect(gone.code).toBe(1);
    expect(JSON.parse(gone.out)).toMatchObject({
      regions: [{ prefix, encodedKey: 'acme', ttlMs: null, verdict: { kind: 'absent' } }],
    });
  });

  it('tell what a stranger left where a value would be', async () => {
    await redis.hset(`${prefix}:hash`, 'a', '1');
    await redis.set(`${prefix}:text`, 'hello');
    const hash = await run('explain', `${prefix}:hash`);
    expect(hash).toMatchObject({ code: 1, err: '' });
    expect(hash.out).toMatch(/^verdict +absent: /m);
    const text = await run('explain', `${prefix}:text`);
    expect(text.code).toBe(1);
    expect(text.out).toMatch(/^in L2 +5 characters, without a TTL$/m);
    expect(text.out).toMatch(/^verdict +unproved: /m);
  });

  it('drop rows and the whole of a table, whose older values are then refused', async () => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'main');
    await fillL2('before');
    expect((await run('invalidate', '--table', policies, 'a', 'b')).code).toBe(0);
    await listener.hears(policies, 'b');
    const table = await run('invalidate', '--table', policies, '--json');
    expect(JSON.parse(table.out)).toEqual({ invalidated: [{ table: policies, keys: null }] });
    await until(() => listener.records.some(({ changes }) => changes.get(policies) === null), {
      what: 'the record of the table',
    });
    const overtaken = await run('explain', `${prefix}:before`);
    expect(overtaken.code).toBe(1);
    expect(overtaken.out).toMatch(
      /^verdict +overtaken: a whole table changed since: .*tenant_llm_policies at \d/m,
    );
  });

  it('reach every table with --all, over a direct connection and without Redis', async () => {
    await using listener = await RecordListener.listen(stack.redisUrl, 'conversations');
    const { code, out } = await runTidemark(['invalidate', '--all'], { DATABASE_URL: stack.databaseUrl });
    expect(code).toBe(0);
    expect(out).toContain(`journaled: ${policies} (whole table)\n`);
    await until(
      () => listener.records.some(({ changes }) => changes.get('copilot_internal.conversations') === null),
      { what: 'the record of another namespace' },
    );
  });

  it('end with 3 when Redis refuses to be asked', async () => {
    await redis.call('ACL', 'SETUSER', 'weak', 'on', '>hunter22', '+info', '+client');
    const url = stack.redisUrl.replace('://', '://weak:hunter22@');
    const { code, out, err } = await callTidemark(['explain', `${prefix}:acme`], { REDIS_URL: url });
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/^tidemark: Redis at redis:\/\/127\.0\.0\.1:\d+ can't be asked \(NOPERM/);
  });

  it('end with 1 for what nobody tracks, and say what is', async () => {
    const key = await run('invalidate', 'copilot:nothing:x');
    expect(key).toMatchObject({ code: 1, err: '' });
    expect(key.out).toMatch(
      /^copilot:nothing:x is under no prefix that is watched: watched are .*copilot:llm:policy/,
    );
    const table = await run('invalidate', '--table=public.nothing');
    expect(table.code).toBe(1);
    expect(table.out).toMatch(/^public\.nothing is not tracked: tracked are .*tenant_llm_policies/);
    const explained = await run('explain', 'copilot:nothing:x');
    expect(explained.code).toBe(1);
    expect(explained.out).toMatch(/under no prefix.*\nwatched prefixes: .*copilot:llm:policy/);
  });
});

describe('tidemark track', () => {
  it('writes a migration that, once applied, makes the sidecar follow the table', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-track-'));
    try {
      await runSql(
        stack.databaseUrl,
        'create table public.customers (tenant text, id text, primary key (tenant, id))',
      );
      const args = ['track', 'public.customers', '--key=array[tenant, id]', '--prefix=copilot:customers'];
      const { code, out } = await runTidemark([...args, '--dir', folder], env);
      expect(code).toBe(0);
      const file = /^wrote (\S+\/\d{14}_track_customers\.sql)\n/.exec(out)?.[1] ?? '';
      const sql = readFileSync(file, 'utf8');
      expect((await run(...args, '--print')).out).toBe(sql);
      await runSql(stack.databaseUrl, sql);
      await until(async () => (await run('status')).out.includes('public.customers  copilot:customers'), {
        what: 'the sidecar to follow the table',
      });
      await using listener = await RecordListener.listen(stack.redisUrl, 'main');
      await runSql(stack.databaseUrl, `insert into public.customers values ('a', 'b')`);
      await listener.hears('public.customers', 'a:b');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
