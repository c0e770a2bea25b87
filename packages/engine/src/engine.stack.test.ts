// Whole engines on a real PostgreSQL and a real Redis: from a commit to the record.
import { type PostgresServer, type RedisServer, startRedis, until } from '@tidemark/devstack';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { formatHint, namespaceKeys, type NamespaceKeys } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type RunningEngine } from './engine.ts';
import { postgresJournal } from './journal/postgres-journal.ts';
import type { EngineOptions } from './options.ts';
import { itemTable, startDatabase } from './testing/database.ts';
import { Follower } from './testing/follower.ts';
import { stored, type Stored } from './testing/publisher.ts';
import { runSql } from './testing/sql.ts';

let postgres: PostgresServer;
let server: RedisServer;
let redis: Redis;
let keyPrefix: string;
let keys: NamespaceKeys;
let log: RecordedLog;
let run = 0;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  [postgres, server] = await Promise.all([startDatabase('copilot'), startRedis()]);
  redis = new Redis(server.url);
});

beforeEach(() => {
  run += 1;
  keyPrefix = `run${run}`;
  keys = namespaceKeys(keyPrefix, 'main');
  log = new RecordedLog();
});

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

afterAll(async () => {
  redis.disconnect();
  await Promise.all([server.close(), postgres.close()]);
});

function start(options: Partial<EngineOptions> = {}, url = server.url): RunningEngine {
  const journal = postgresJournal({ connectionString: postgres.url });
  const engine = createEngine({ journal, roundEvery: '20ms', logger: log, ...options });
  open.push(engine);
  engine.start({ redis: url, keyPrefix });
  return engine;
}

async function follow(namespace = 'main'): Promise<Follower> {
  const follower = new Follower(server.url, namespaceKeys(keyPrefix, namespace));
  open.push(follower);
  await until(async () => (await now(namespace)).head !== undefined, { what: 'a head' });
  await follower.start();
  return follower;
}

function now(namespace = 'main'): Promise<Stored> {
  return stored(redis, keyPrefix, namespace);
}

function sql(text: string): Promise<unknown[]> {
  return runSql(postgres.url, text);
}

async function isWorking(engine: RunningEngine): Promise<void> {
  await until(() => engine.status().namespaces[0]?.loop.kind === 'working', { what: 'a working engine' });
}

describe('a change by SQL', () => {
  test('is a record that names its key, once it is committed', async () => {
    start();
    const follower = await follow();
    await sql(`insert into public.item values ('a'), ('b')`);
    await until(() => follower.hasHeard(itemTable, 'a'), { what: 'the record' });
    expect(follower.applied.find(({ changes }) => changes.size > 0)?.changes).toEqual(
      new Map([[itemTable, ['a', 'b']]]),
    );
    await sql(`delete from public.item where id = 'a'`);
    await until(() => follower.applied.filter(({ changes }) => changes.size > 0).length === 2, {
      what: 'the second record',
    });
    expect(follower.resets).toHaveLength(1);
  });

  test('of more than 1,000 rows is a record of the whole table, which raises its floor', async () => {
    start();
    const follower = await follow();
    await sql(`insert into public.item select 'bulk' || n from generate_series(1, 1001) as n`);
    await until(() => follower.hasHeard(itemTable, 'whatever'), { what: 'the record of the whole table' });
    const { head } = await now();
    expect(head?.tableFloors.get(itemTable)).toEqual(follower.applied.at(-1)?.position);
    expect(follower.resets).toHaveLength(1);
  });

  test('that is TRUNCATE makes everybody reset: the table has another file, and the watch another hash', async () => {
    start();
    const follower = await follow();
    const before = await now();
    await sql('truncate public.item');
    await until(() => follower.resets.length > 1, { what: 'the reset' });
    const { head } = await now();
    expect(head?.floor).toBeGreaterThan(before.head?.position.generation ?? 0);
    expect(head?.watchHash).not.toBe(before.head?.watchHash);
  });

  test('unlinks its L2 values', async () => {
    start();
    await follow();
    await redis.mset('copilot:item:v1', 'old', 'copilot:item:v2', 'kept');
    await sql(`insert into public.item values ('v1')`);
    await until(async () => (await redis.exists('copilot:item:v1')) === 0, { what: 'the UNLINK' });
    expect(await redis.get('copilot:item:v2')).toBe('kept');
  });
});

describe('what an app says', () => {
  test('about a key it changed starts a round at once', async () => {
    const engine = start({ roundEvery: '1h' });
    const follower = await follow();
    await isWorking(engine);
    await until(async () => (await redis.publish(keys.hints, 'nonsense')) === 1, {
      what: 'a listening engine',
    });
    await sql(`insert into public.item values ('hinted')`);
    expect(follower.hasHeard(itemTable, 'hinted')).toBe(false);
    await redis.publish(
      keys.hints,
      formatHint({ kind: 'changed', sender: 'app', prefix: 'copilot:item', keys: ['hinted'] }),
    );
    await until(() => follower.hasHeard(itemTable, 'hinted'), { what: 'the record' });
    expect(engine.status().hints).toEqual([{ name: 'apps', state: 'listening', heard: 1, silences: 0 }]);
  });

  test('about a prefix it reads adds it to the watch, and a new generation follows that knows it', async () => {
    const engine = start();
    const follower = await follow();
    await isWorking(engine);
    const before = await now();
    const prefix = `${keyPrefix}:item`;
    const hint = formatHint({ kind: 'prefix', table: itemTable, prefix });
    await until(
      async () => {
        await redis.publish(keys.hints, hint);
        return (await now()).watch?.tables.get(itemTable)?.prefixes.includes(prefix) === true;
      },
      { what: 'the prefix in the watch' },
    );
    const after = await now();
    expect(after.head?.position.generation).toBeGreaterThan(before.head?.position.generation ?? 0);
    expect(after.log[0]?.previous).toBeNull();
    await redis.set(`${prefix}:p1`, 'old');
    await sql(`insert into public.item values ('p1')`);
    await until(() => follower.hasHeard(itemTable, 'p1'), { what: 'the record' });
    expect(await redis.exists(`${prefix}:p1`)).toBe(0);
  });

  test('is heard also by an engine that started before Redis did', async () => {
    const late = await startRedis();
    open.push(late);
    await late.stop();
    const engine = start({ roundEvery: '1h' }, late.url);
    await until(() => log.told('warn').includes('Redis can not be reached'), { what: 'the first attempt' });
    await until(() => engine.status().namespaces[0]?.loop.kind === 'failing', { what: 'the first round' });
    await late.start();
    const client = new Redis(late.url);
    open.push({ close: () => client.disconnect() });
    await until(async () => (await client.publish(keys.hints, 'anything')) === 1, {
      what: 'a listening engine',
    });
    await client.publish(keys.hints, formatHint({ kind: 'changed', sender: 'app', prefix: 'p', keys: null }));
    await isWorking(engine);
    expect(log.told('warn')).toEqual(['Redis can not be reached', 'rounds fail, nothing is proved']);
    expect(log.told('info')).toContain('Redis is back');
  });
});

describe('namespaces', () => {
  test('of the watch are served by one engine, each with its own head and log', async () => {
    await sql(`create table public.talk (id text primary key);
      select tidemark.track('public.talk', 'id', array['copilot:talk'], 'talks')`);
    const engine = start();
    const [items, talks] = [await follow(), await follow('talks')];
    await sql(`insert into public.item values ('i1'); insert into public.talk values ('t1')`);
    await until(() => items.hasHeard(itemTable, 'i1') && talks.hasHeard('public.talk', 't1'), {
      what: 'both records',
    });
    expect(items.hasHeard('public.talk', 't1')).toBe(false);
    expect(talks.hasHeard(itemTable, 'i1')).toBe(false);
    const { namespaces, redis } = engine.status();
    expect(redis).toBe('connected');
    // The product's own tables have namespaces of theirs, too.
    const loops = new Map(namespaces.map(({ namespace, loop }) => [namespace, loop.kind]));
    expect([loops.get('main'), loops.get('talks')]).toEqual(['working', 'working']);
    await sql(`select tidemark.untrack('public.talk'); drop table public.talk`);
  });

  test('that lose their last table to another one follow nothing, and keep their rounds until the engine ends', async () => {
    const track = (namespace: string): Promise<unknown> =>
      sql(`select tidemark.track('public.talk', 'id', array['copilot:talk'], '${namespace}')`);
    await sql('create table public.talk (id text primary key)');
    await track('talks');
    const engine = start();
    const [items, talks] = [await follow(), await follow('talks')];
    await track('main');
    await until(async () => (await now('talks')).watch?.tables.size === 0, { what: 'the watch of nothing' });
    // Whoever still listens there was told, and has no lease for the table any more.
    await until(() => talks.resets.length > 1, { what: 'a reset in the namespace without tables' });
    await sql(`insert into public.talk values ('t1')`);
    await until(() => items.hasHeard('public.talk', 't1'), { what: 'the record in the other namespace' });
    const { done = 0 } = (await now('talks')).head ?? {};
    await until(async () => ((await now('talks')).head?.done ?? 0) > done, { what: 'another round' });

    await engine.close();
    const next = start();
    await isWorking(next);
    expect(next.status().namespaces.map(({ namespace }) => namespace)).not.toContain('talks');
    await sql(`select tidemark.untrack('public.talk'); drop table public.talk`);
  });
});

describe('of two engines', () => {
  test('one works, and the other one takes over when it is closed, with nothing lost (R6)', async () => {
    const first = start();
    const follower = await follow();
    await isWorking(first);
    const second = start();
    await until(() => second.status().namespaces[0]?.loop.kind === 'standby', {
      what: 'a second one standing by',
    });
    expect(second.status().namespaces[0]?.position).toBeNull();
    const { generation = 0 } = (await now()).head?.position ?? {};
    await first.close();
    await sql(`insert into public.item values ('between')`);
    await until(() => follower.hasHeard(itemTable, 'between'), { what: 'the record' });
    expect((await now()).head?.position.generation).toBeGreaterThan(generation);
    expect(follower.resets).toHaveLength(1);
    expect(second.status().namespaces[0]?.position).toMatch(/^\d+-\d+$/);
  });

  test('the one that stands by knows every namespace, and takes each over at once when it is told to (R6)', async () => {
    const first = start();
    const namespaces = ['main', 'conversations'];
    for (const namespace of namespaces) {
      await until(async () => ((await now(namespace)).head?.done ?? 0) > 0, {
        what: `rounds of ${namespace}`,
      });
    }
    // By itself it would look again in an hour.
    const second = start({ roundEvery: '1h' });
    const loops = (kind: string): number =>
      second.status().namespaces.filter(({ loop }) => loop.kind === kind).length;
    await until(() => loops('standby') === namespaces.length, { what: 'to stand by in both' });
    await until(() => second.status().hints[0]?.state === 'listening', { what: 'to hear hints' });
    await first.close();
    await until(() => loops('working') === namespaces.length, { what: 'to work in both' });
  });

  test('the one that stands by stays so under a storm of hints', async () => {
    const first = start();
    const follower = await follow();
    await isWorking(first);
    const second = start();
    await until(() => second.status().namespaces[0]?.loop.kind === 'standby', {
      what: 'a second one standing by',
    });
    const { generation } = (await now()).head?.position ?? {};
    const hint = formatHint({ kind: 'changed', sender: 'app', prefix: 'p', keys: null });
    for (let storm = 0; storm < 20; storm += 1) {
      const pipeline = redis.pipeline();
      for (let bell = 0; bell < 50; bell += 1) pipeline.publish(keys.hints, hint);
      await pipeline.exec();
    }
    await sql(`insert into public.item values ('storm')`);
    await until(() => follower.hasHeard(itemTable, 'storm'), { what: 'the record' });
    expect((await now()).head?.position.generation).toBe(generation);
    expect(second.status().namespaces[0]?.loop.kind).toBe('standby');
  });
});

describe('the journal', () => {
  test('is pruned by the working engine', async () => {
    await sql('truncate tidemark.recorded_snapshot');
    start({ pruneEvery: '20ms' });
    await until(async () => (await sql('select from tidemark.recorded_snapshot')).length > 0, {
      what: 'a pruning that recorded its snapshot',
    });
    expect(log.told('warn')).toEqual([]);
  });

  test('that is not installed is told in one sentence, once', async () => {
    const journal = postgresJournal({ connectionString: postgres.url.replace(/\/postgres$/, '/template1') });
    const engine = start({ journal });
    await until(() => engine.status().namespaces[0]?.loop.kind === 'failing', { what: 'a failing engine' });
    expect(engine.status().namespaces[0]?.loop).toMatchObject({
      reason: expect.stringContaining('apply supabase/migrations'),
    });
    expect(log.told('warn')).toEqual(['rounds fail, nothing is proved']);
    expect(await redis.exists(keys.head)).toBe(0);
  });
});
