// What reads and writes cost on any machine: commands to Redis, writes to the socket, loads, encodings.
import { createCache, type Cache, type Region, type RegionOptions } from '@tidemark/cache';
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { createEngine } from '@tidemark/engine';
import { regionPrefix } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HandedJournal } from '../handed-journal.ts';

interface Policy {
  readonly model: string;
}

const table = 'public.policies';
const hundred = Array.from({ length: 100 }, (_, index) => `tenant-${index}`);

let server: RedisServer;
let redis: Redis;
let monitor: Redis;
let scenes = 0;
let keyPrefix: string;
/** Sent for values of this test's region, in order; what a script does inside Redis is not among them. */
let commands: string[];
let caches: Cache[];
let loads: string[][];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  monitor = await redis.monitor();
  monitor.on('monitor', (_: string, args: readonly string[], source: string) => {
    const isValue = args.some((argument) => argument.startsWith(`${keyPrefix}:policy:`));
    if (isValue && source !== 'lua') commands.push((args[0] ?? '').toLowerCase());
  });
});

afterAll(async () => {
  monitor.disconnect();
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenes += 1;
  keyPrefix = `counts-${scenes}`;
  commands = [];
  caches = [];
  loads = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(caches.map((cache) => cache.close()));
});

/** An instance with a lease; all of a test share one namespace and one region. */
async function instance(options: Partial<RegionOptions<Policy>> = {}): Promise<Region<Policy>> {
  const journal = new HandedJournal(new Map([[table, [regionPrefix(keyPrefix, 'policy')]]]));
  const engine = createEngine({ journal, roundEvery: '50ms' });
  const cache = createCache({ redis: server.url, keyPrefix, engine, redisTimeout: '10s' });
  caches.push(cache);
  const region = cache.region<Policy>({
    name: 'policy',
    table,
    ttl: '1h',
    load(key) {
      loads.push([key]);
      return Promise.resolve({ model: key });
    },
    loadMany(keys) {
      loads.push([...keys]);
      return Promise.resolve(new Map(keys.map((key) => [key, { model: key }])));
    },
    ...options,
  });
  await cache.ready();
  return region;
}

/** Everything that was sent until now has been seen. The test's own questions are not counted. */
async function allCommands(): Promise<readonly string[]> {
  const marker = `${keyPrefix}:policy:marker`;
  await redis.exists(marker);
  await until(() => commands.includes('exists'));
  return commands.splice(0).filter((command) => command !== 'exists' && command !== 'keys');
}

async function areStored(count: number): Promise<boolean> {
  return (await redis.keys(`${keyPrefix}:policy:*`)).length === count;
}

describe('a read, in commands to Redis', () => {
  it('that hits sends none', async () => {
    const region = await instance();
    await region.get('a');
    await until(() => areStored(1));
    await allCommands();
    region.peek('a');
    await region.get('a');
    await region.getMany(['a']);
    expect(await allCommands()).toEqual([]);
    expect(loads).toEqual([['a']]);
  });

  it('that L2 answers sends one MGET, of head and value', async () => {
    await (await instance()).get('a');
    await until(() => areStored(1));
    const other = await instance();
    await allCommands();
    expect(await other.get('a')).toEqual({ model: 'a' });
    expect(await allCommands()).toEqual(['mget']);
    expect(loads).toEqual([['a']]);
  });

  it('that is cold sends one MGET, loads once, and sends one fill', async () => {
    const region = await instance();
    // The first fill of all is sent twice: Redis learns the script.
    await region.get('first');
    await until(() => areStored(1));
    await allCommands();
    await region.get('a');
    await until(() => areStored(2));
    expect(await allCommands()).toEqual(['mget', 'evalsha']);
    expect(loads).toEqual([['first'], ['a']]);
  });

  it('of a hundred keys sends one MGET and makes one loadMany', async () => {
    const region = await instance();
    await region.getMany(hundred);
    await until(() => areStored(100));
    expect((await allCommands()).filter((command) => command === 'mget')).toHaveLength(1);
    expect(loads).toEqual([hundred]);
    const other = await instance();
    await other.getMany(hundred);
    expect(await allCommands()).toEqual(['mget']);
    expect(loads).toHaveLength(1);
  });

  it('a hundred of them in one tick are one MGET and one write to the socket', async () => {
    await (await instance()).getMany(hundred);
    await until(() => areStored(100));
    const other = await instance();
    await allCommands();
    const write = vi.spyOn(Socket.prototype, 'write');
    const values = await Promise.all(hundred.map((key) => other.get(key)));
    const written = write.mock.calls.filter(([text]) => String(text).includes('tenant-'));
    expect(values).toEqual(hundred.map((model) => ({ model })));
    expect(written).toHaveLength(1);
    expect(await allCommands()).toEqual(['mget']);
    expect(loads).toHaveLength(1);
  });
});

describe('a write', () => {
  it('sends one command for the value and its hint, however many wait for the key', async () => {
    const region = await instance();
    await region.get('a');
    await until(() => areStored(1));
    // The first hint of all is sent twice: Redis learns the script.
    await region.write('a', () => Promise.resolve());
    await allCommands();
    await region.write('a', () => Promise.resolve());
    expect(await allCommands()).toHaveLength(1);
  });
});

describe('a value', () => {
  it('is loaded, encoded and sent once, however many wait for it (R5)', async () => {
    let encodings = 0;
    class Counted implements Policy {
      readonly model = 'counted';

      toJSON(): object {
        encodings += 1;
        return { model: this.model };
      }
    }
    const region = await instance({
      load(key) {
        loads.push([key]);
        return Promise.resolve(new Counted());
      },
    });
    await Promise.all(Array.from({ length: 50 }, () => region.get('a')));
    await until(() => areStored(1));
    expect(loads).toEqual([['a']]);
    expect(encodings).toBe(1);
    expect((await allCommands()).filter((command) => command === 'mget')).toHaveLength(1);
  });
});
