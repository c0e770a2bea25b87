// The modes of one engine: rounds in a sidecar, inside the instances, without Redis; and no rounds at all.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import { createEngine, postgresJournal, type RunningEngine, supabaseJournal } from '@tidemark/engine';
import { createClient } from '@supabase/supabase-js';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Cache, createCache } from './cache.ts';
import type { CacheOptions, RegionOptions } from './options.ts';
import type { Region } from './region.ts';
import { History } from './testing/history.ts';
import { createItems, itemTable, loadItem, type Versioned } from './testing/load.ts';

let stack: Stack;
let pool: Pool;
let caches: Cache[] = [];
let loads = 0;

beforeAll(async () => {
  stack = await startStack();
  pool = new Pool({ connectionString: stack.databaseUrl });
  await createItems(pool, new History(0), 3);
});

beforeEach(async () => {
  loads = 0;
  await pool.query('update public.item set version = 0');
});

afterEach(async () => {
  await Promise.all(caches.map((cache) => cache.close()));
  caches = [];
});

afterAll(async () => {
  await pool.end();
  await stack.close();
});

function directEngine(): RunningEngine {
  return createEngine({ journal: postgresJournal({ connectionString: stack.databaseUrl }), roundEvery: 50 });
}

function startInstance(
  options: CacheOptions,
  region: Partial<RegionOptions<Versioned>> = {},
): Region<Versioned> {
  const cache = createCache(options);
  caches.push(cache);
  return cache.region<Versioned>({
    name: 'item',
    ttl: '5m',
    load: (key) => {
      loads += 1;
      return loadItem(pool, key);
    },
    ...region,
  });
}

async function ready(): Promise<void> {
  await Promise.all(caches.map((cache) => cache.ready()));
}

function setVersion(version: number, key = 'k0'): Promise<unknown> {
  return pool.query('update public.item set version = $2 where id = $1', [key, version]);
}

describe('embedded: the instances run the rounds themselves', () => {
  function embedded(): Region<Versioned> {
    const supabase = createClient(stack.url, stack.serviceRoleKey);
    const engine = createEngine({ journal: supabaseJournal(supabase), roundEvery: 50 });
    return startInstance({ redis: stack.redisUrl, engine }, { table: itemTable });
  }

  it('a change by SQL reaches both, and one of them works while the other stands by (R1)', async () => {
    const [a, b] = [embedded(), embedded()];
    await ready();
    expect([await a.get('k0'), await b.get('k0')]).toEqual([{ version: 0 }, { version: 0 }]);

    await setVersion(1);

    await until(async () => (await a.get('k0'))?.version === 1 && (await b.get('k0'))?.version === 1);
    expect(caches.map((cache) => cache.status().mode)).toEqual(['embedded', 'embedded']);
  });

  it('the second instance takes what the first one stored in L2 (R5)', async () => {
    const [a, b] = [embedded(), embedded()];
    await ready();
    const redis = new Redis(stack.redis.url);
    await a.get('k1');
    await until(async () => (await redis.exists('copilot:item:k1')) === 1);
    redis.disconnect();

    expect(await b.get('k1')).toEqual({ version: 0 });
    expect(loads).toBe(1);
    expect(b.status().l2Hits).toBe(1);
  });

  it('goes on when the working instance is gone (R6)', async () => {
    const [a, b] = [embedded(), embedded()];
    await ready();
    await caches[0]?.close();
    await b.get('k0');
    await setVersion(2);

    await until(async () => (await b.get('k0'))?.version === 2);
    await expect(a.get('k0')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
  });
});

describe('no Redis: every instance runs rounds for itself (#44)', () => {
  it('serves from L1 until a round finds the change (R1)', async () => {
    const region = startInstance({ engine: directEngine() }, { table: itemTable });
    await ready();
    await region.get('k0');
    await region.get('k0');
    expect(loads).toBe(1);

    await setVersion(3);

    await until(() => region.peek('k0') === undefined);
    expect(await region.get('k0')).toEqual({ version: 3 });
    expect(caches[0]?.status()).toMatchObject({ mode: 'no Redis', redis: 'not used' });
  });

  it('drops everything when the table is emptied (R1)', async () => {
    const region = startInstance({ engine: directEngine() }, { table: itemTable });
    await ready();
    await region.getMany(['k0', 'k1', 'k2']);
    const { rows } = await pool.query<{ id: string; version: number }>('select * from public.item');

    await pool.query('truncate public.item');

    await until(() => region.peek('k0') === undefined && region.peek('k2') === undefined);
    expect(await region.get('k2')).toBeNull();
    for (const { id } of rows) await pool.query('insert into public.item values ($1, 0)', [id]);
  });

  it('a table that nobody tracks gets no lease, and says what to run', async () => {
    await pool.query('create table if not exists public.untracked (id text primary key)');
    const region = startInstance({ engine: directEngine() }, { table: 'public.untracked' });

    await until(() => region.status().problem?.includes("select tidemark.track('public.untracked'") === true);
    expect(region.status().lease).toBe('none');
  });
});

describe('no journal: short lives and hints (#42)', () => {
  it('a write on one instance is dropped on the other at once', async () => {
    const [a, b] = [startInstance({ redis: stack.redisUrl }), startInstance({ redis: stack.redisUrl })];
    await until(() => caches.every((cache) => cache.status().redis === 'connected'));
    await b.get('k0');

    await until(async () => {
      // Subscribing takes a moment; the hint of a later write is heard.
      await a.write('k0', () => setVersion(4));
      return b.peek('k0') === undefined;
    });

    expect(await b.get('k0')).toEqual({ version: 4 });
    expect(caches[0]?.status().mode).toBe('no journal');
  });

  it('L2 is not read: nothing would prove its values (R1)', async () => {
    const region = startInstance({ redis: stack.redisUrl });
    const redis = new Redis(stack.redis.url);
    await redis.set('copilot:item:k0', '1 1-0 15 copilot:item:k0{"version":99}');

    expect(await region.get('k0')).toEqual({ version: 0 });
    expect(region.status().l2Hits).toBe(0);
    redis.disconnect();
  });
});

describe('own prefixes', () => {
  it('a region under a name of its own is added to the watch and gets its lease', async () => {
    const engine = directEngine();
    engine.start({ redis: stack.redisUrl, keyPrefix: 'copilot' });
    const region = startInstance({ redis: stack.redisUrl }, { name: 'item:view', table: itemTable });

    await ready();
    await region.get('k0');
    await setVersion(5);

    await until(async () => (await region.get('k0'))?.version === 5);
    await engine.close();
  });

  it('one that asks in vain does not keep another namespace from asking (R6)', async () => {
    await pool.query(`create table public.far (id text primary key);
      select tidemark.track('public.far', 'id', namespace => 'far')`);
    const engine = directEngine();
    engine.start({ redis: stack.redisUrl, keyPrefix: 'copilot' });
    const asked = new Set<string>();
    const bus = new Redis(stack.redis.url);
    bus.on('message', (_channel, text: string) => asked.add((JSON.parse(text) as { prefix: string }).prefix));
    await bus.subscribe('copilot:tidemark:main:hints', 'copilot:tidemark:far:hints');
    const clock = new FakeClock();
    const isAsked = async (prefix: string): Promise<void> => {
      let steps = 30;
      await until(
        async () => {
          // 0.75 s in all, so that nobody has asked a second time when the other one has asked for the first.
          if (steps > 0) await clock.advance(25);
          steps -= 1;
          return asked.has(prefix);
        },
        { what: `${prefix} to be asked for` },
      );
    };

    startInstance({ redis: stack.redisUrl, clock }, { name: 'nowhere', table: 'public.nowhere' });
    await isAsked('copilot:nowhere');
    caches[0]?.region({
      name: 'far:view',
      table: 'public.far',
      namespace: 'far',
      ttl: '5m',
      load: async () => null,
    });
    await isAsked('copilot:far:view');
    bus.disconnect();
    await engine.close();
  });
});

describe('invalidation by hand (#38)', () => {
  it('reaches every instance through the journal, also without a hint (R1)', async () => {
    const engine = directEngine();
    engine.start({ redis: stack.redisUrl, keyPrefix: 'copilot' });
    const a = startInstance(
      { redis: stack.redisUrl, journal: postgresJournal({ connectionString: stack.databaseUrl }) },
      { table: itemTable },
    );
    const b = startInstance({ redis: stack.redisUrl }, { table: itemTable });
    await ready();
    await b.getMany(['k0', 'k1']);

    await a.invalidate('k0');
    await until(() => b.peek('k0') === undefined);
    expect(b.peek('k1')).toEqual({ version: 0 });

    await a.invalidateAll();
    await until(() => b.peek('k1') === undefined);
    await engine.close();
  });
});
