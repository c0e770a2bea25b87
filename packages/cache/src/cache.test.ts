// A whole cache without Redis: its regions, what it says about itself, and that nothing is left of it after close.
import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Engine, EngineHost, Journal, RoundTarget } from '@tidemark/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cache, createCache } from './cache.ts';
import type { OvertakenEvent, StoredEvent } from './events.ts';
import type { CacheOptions, RegionOptions } from './options.ts';
import { itemTable } from './testing/region-scene.ts';

const item: RegionOptions<string> = { name: 'item', ttl: '5m', load: async (key) => `value of ${key}` };

const caches: Cache[] = [];

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
});

function create(options: CacheOptions = {}): { readonly cache: Cache; readonly clock: FakeClock } {
  const clock = new FakeClock();
  const cache = createCache({ clock, ...options });
  caches.push(cache);
  return { cache, clock };
}

/** An engine that runs no rounds by itself: the test does, through the target it was given. */
class ScriptedEngine implements Engine {
  readonly journal = {} as Journal;
  readonly roundEveryMs = 100;
  closes = 0;
  #target: RoundTarget | undefined;

  start(host: EngineHost): void {
    this.#target = host.localTarget?.(() => true);
  }

  ring(): void {}

  async close(): Promise<void> {
    this.closes += 1;
  }

  get target(): RoundTarget {
    if (this.#target === undefined) throw new Error('the engine was given no target');
    return this.#target;
  }

  async round(...keys: string[]): Promise<void> {
    await this.target.begin();
    await this.target.publish({
      cursor: { snapshot: '1:1:', server: 'server-1', watchHash: 'watch-1' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: keys.length === 0 ? [] : [{ table: itemTable, keys }],
      watch: new Map([[itemTable, { namespace: 'main', prefixes: [], problem: null }]]),
    });
  }
}

describe('a region of a cache', () => {
  it('is read anew after a write through it and another one of the same table (R3)', async () => {
    const { cache } = create();
    let version = 1;
    const load = async (): Promise<string> => `version ${version}`;
    const regions = [
      cache.region({ ...item, load, table: itemTable }),
      cache.region({ ...item, load, table: itemTable, name: 'summary' }),
    ] as const;
    const read = (): Promise<unknown> => Promise.all(regions.map((region) => region.get('k')));
    expect(await read()).toEqual(['version 1', 'version 1']);
    const [one, other] = regions;
    await one.write('k', () => other.write('k', async () => (version += 1)));
    expect(await read()).toEqual(['version 2', 'version 2']);
  });

  it('is made once per name', () => {
    const { cache } = create();
    cache.region(item);
    expect(() => cache.region({ ...item, ttl: '1m' })).toThrow(
      expect.objectContaining({
        code: 'REGION_EXISTS',
        message: 'there is a region "item" already: keep it and use it everywhere',
      }),
    );
  });

  it('may have keys of several parts and keys that are numbers, and the loader gets them as they were', async () => {
    const { cache } = create();
    const seen: unknown[] = [];
    const region = cache.region<string, readonly [string, number]>({
      name: 'item',
      ttl: '5m',
      load: async (key) => {
        seen.push(key);
        return key.join();
      },
    });
    expect([await region.get(['a:b', 1]), await region.get(['a', 1])]).toEqual(['a:b,1', 'a,1']);
    expect(region.peek(['a:b', 1])).toBe('a:b,1');
    expect(seen).toEqual([
      ['a:b', 1],
      ['a', 1],
    ]);
  });
});

describe('the no-Redis mode', () => {
  it('runs the rounds of its engine in the process: a change is dropped by the round that finds it (R1, R2)', async () => {
    const engine = new ScriptedEngine();
    const { cache, clock } = create({ engine });
    const region = cache.region({ ...item, table: itemTable });
    await engine.round();
    expect(await region.get('a')).toBe('value of a');
    await engine.round('a');
    expect(region.peek('a')).toBeUndefined();
    expect(cache.status()).toMatchObject({
      mode: 'no Redis',
      redis: 'not used',
      namespaces: [{ namespace: 'main', position: null, tidemarkAgeMs: 0 }],
      regions: [{ name: 'item', lease: 'live' }],
    });
    await clock.advance(2_000);
    expect(cache.status().regions[0]?.lease).toBe('none');
  });

  it('rounds reach the regions of every namespace (R2)', async () => {
    const engine = new ScriptedEngine();
    const { cache } = create({ engine });
    const region = cache.region({ ...item, table: itemTable, namespace: 'conversations' });
    await engine.round();
    await region.get('a');
    await engine.round('a');
    expect(region.peek('a')).toBeUndefined();
    expect(cache.status().namespaces.map(({ namespace }) => namespace)).toEqual(['conversations']);
  });
});

describe('ready', () => {
  it('waits until every region that names a table has its lease', async () => {
    const engine = new ScriptedEngine();
    const { cache, clock } = create({ engine });
    cache.region({ ...item, table: itemTable });
    cache.region({ ...item, name: 'other' });
    let answer: unknown = 'waiting';
    const waiting = cache.ready().then((ready) => (answer = ready));
    await clock.advance(100);
    expect(answer).toBe('waiting');
    await engine.round();
    await clock.advance(10);
    await waiting;
    expect(answer).toBe(true);
  });

  it('is true at once where no region names a table', async () => {
    const { cache } = create({ engine: new ScriptedEngine() });
    cache.region(item);
    expect(await cache.ready()).toBe(true);
  });

  it('ends with its signal, and with the cache', async () => {
    const { cache } = create({ engine: new ScriptedEngine() });
    cache.region({ ...item, table: itemTable });
    const leaving = new AbortController();
    const waits = [cache.ready({ signal: leaving.signal }), cache.ready()];
    leaving.abort();
    expect(await waits[0]).toBe(false);
    await cache.close();
    expect(await waits[1]).toBe(false);
  });

  it('is false at once where nothing runs rounds: there will never be a lease', async () => {
    const { cache } = create();
    cache.region({ ...item, table: itemTable });
    expect(await cache.ready()).toBe(false);
  });
});

describe('close', () => {
  it('closes the engine once, however often it is called, and leaves no timer', async () => {
    const engine = new ScriptedEngine();
    const { cache, clock } = create({ engine });
    const region = cache.region({ ...item, load: () => new Promise(() => {}) });
    const reading = region.get('k');
    reading.catch(() => {});
    await settle();
    await Promise.all([cache.close(), cache.close()]);
    await cache[Symbol.asyncDispose]();
    await expect(reading).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    expect([engine.closes, clock.pending]).toEqual([1, 0]);
  });
});

describe('what a cache says about itself', () => {
  it('names the mode without a journal', () => {
    const { cache } = create();
    cache.region(item);
    expect(cache.status()).toMatchObject({ mode: 'no journal', redis: 'not used', redisErrors: 0 });
  });

  it('has an id of its own in every instance', () => {
    expect(create().cache.instanceId).not.toBe(create().cache.instanceId);
  });

  it('tells diagnostics channels what was stored and what was overtaken, and why', async () => {
    const events: (OvertakenEvent | StoredEvent)[] = [];
    const note = (event: unknown): void => void events.push(event as OvertakenEvent);
    subscribe('tidemark:stored', note);
    subscribe('tidemark:overtaken', note);
    try {
      const { cache } = create();
      const region = cache.region(item);
      await region.get('a');
      await region.invalidate('a');
      await region.invalidateAll();
    } finally {
      unsubscribe('tidemark:stored', note);
      unsubscribe('tidemark:overtaken', note);
    }
    expect(events).toEqual([
      { region: 'item', key: 'a', from: 'source' },
      { region: 'item', keys: ['a'], cause: 'write' },
      { region: 'item', keys: null, cause: 'write' },
    ]);
  });

  it('logs hits, misses, fills and invalidations at debug, with keys and without values (#40)', async () => {
    const log = new RecordedLog();
    const region = create({ logger: log }).cache.region({ ...item, load: async () => 'a value' });
    await region.get('a');
    region.peek('a');
    await region.invalidate('a');
    expect(log.lines.filter(({ level }) => level === 'debug')).toEqual([
      { level: 'debug', fields: { component: 'cache', region: 'item', keys: ['a'] }, message: 'miss' },
      {
        level: 'debug',
        fields: { component: 'cache', region: 'item', key: 'a', from: 'source' },
        message: 'fill',
      },
      { level: 'debug', fields: { component: 'cache', region: 'item', key: 'a' }, message: 'hit' },
      {
        level: 'debug',
        fields: { component: 'cache', region: 'item', keys: ['a'], cause: 'write' },
        message: 'invalidation',
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('a value');
  });

  it('asks the log once for its level, so that a hit costs nothing where debug is off', async () => {
    const log = Object.assign(new RecordedLog(), { isLevelEnabled: () => false });
    log.child = () => log;
    const region = create({ logger: log }).cache.region(item);
    await region.get('a');
    region.peek('a');
    expect(log.told('debug')).toEqual([]);
  });
});
