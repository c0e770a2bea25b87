// An instance on a real Redis, as those see it who look for instances.
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import {
  announce,
  type Announcement,
  announcementKey,
  announcementTtlMs,
  instancesKey,
  maxAnnounced,
  parseAnnouncement,
} from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type Cache, createCache } from '../cache.ts';
import type { CacheOptions } from '../options.ts';
import { announceEveryMs } from './announcer.ts';

let server: RedisServer;
let proxy: FaultProxy;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startFaultProxy({ target: { host: server.host, port: server.port } });
  redis = new Redis(server.url);
});

beforeEach(async () => {
  await proxy.heal();
  await redis.flushall();
});

afterAll(async () => {
  redis.disconnect();
  await proxy.close();
  await server.close();
});

function start(options: CacheOptions = {}): Cache {
  return createCache({ redis: `redis://127.0.0.1:${proxy.port}`, ...options });
}

async function announced(cache: Cache): Promise<Announcement | undefined> {
  const text = await redis.get(announcementKey('copilot', cache.instanceId));
  return text === null ? undefined : parseAnnouncement(text);
}

async function untilAnnounced(cache: Cache): Promise<Announcement> {
  await until(async () => (await announced(cache)) !== undefined, { what: 'an announcement' });
  return (await announced(cache))!;
}

describe('an instance', () => {
  it('announces itself as soon as Redis is there, for a while only, and takes it back when it is closed', async () => {
    const cache = start({ instanceName: 'checkout-1' });
    const region = cache.region({ name: 'item', table: 'public.item', ttl: '5m', load: async () => 'v' });
    await region.get('a');
    region.peek('a');
    const first = await untilAnnounced(cache);
    expect(first).toMatchObject({
      instanceId: cache.instanceId,
      name: 'checkout-1',
      version: packageJson.version,
      mode: 'sidecar',
      everyMs: announceEveryMs,
      namespaces: [{ namespace: 'main', position: null, tidemarkAgeMs: null, boundMs: 2_000 }],
      leases: { live: 0, regions: 1 },
      problems: ['the region item gets no lease: the watch is not known yet'],
    });
    for (const key of [instancesKey('copilot'), announcementKey('copilot', cache.instanceId)]) {
      const ttlMs = await redis.pttl(key);
      expect([ttlMs > 0, ttlMs <= announcementTtlMs]).toEqual([true, true]);
    }
    await cache.close();
    expect(await announced(cache)).toBeUndefined();
    expect(await redis.zcard(instancesKey('copilot'))).toBe(0);
  });

  it('announces itself again and again, with what is true then', async () => {
    const clock = new FakeClock();
    await using cache = start({ clock });
    expect(await untilAnnounced(cache)).toMatchObject({ upMs: 0, l1: { entries: 0 } });
    const region = cache.region({ name: 'item', ttl: '5m', load: async () => 'v' });
    await region.get('a');
    await clock.advance(announceEveryMs);
    await until(async () => (await announced(cache))?.l1.entries === 1, { what: 'the entry to be told' });
    expect(await announced(cache)).toMatchObject({ upMs: announceEveryMs, leases: { live: 0, regions: 0 } });
  });

  it('bears a part of its id for a name, when it is given none', async () => {
    await using cache = start();
    const { name } = await untilAnnounced(cache);
    expect(cache.instanceId.startsWith(name)).toBe(true);
  });

  it('that is not to be announced leaves no trace', async () => {
    await using silent = start({ isAnnounced: false });
    await using loud = start();
    await until(() => silent.status().redis === 'connected', { what: 'a connection' });
    await untilAnnounced(loud);
    expect(await redis.zrange(instancesKey('copilot'), 0, -1)).toEqual([loud.instanceId]);
    expect(await announced(silent)).toBeUndefined();
  });

  it('is announced anew when Redis was gone and has forgotten everything', async () => {
    await using cache = start();
    await untilAnnounced(cache);
    await redis.flushall();
    proxy.cutConnections();
    await untilAnnounced(cache);
  });

  it('whose announcement is refused tells it once, counts no error and reads as ever (R4)', async () => {
    const clock = new FakeClock();
    const log = new RecordedLog();
    await redis.acl('SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@all', '-zadd', '-evalsha', '-eval');
    const url = `redis://reader:secret@127.0.0.1:${proxy.port}`;
    await using cache = start({ redis: url, clock, logger: log });
    const told = (): number => log.told('warn').filter((one) => one.includes('announce itself')).length;
    await until(() => told() > 0, { what: 'the refusal to be told' });
    const refusals = async (): Promise<number> =>
      Number(/cmdstat_evalsha:.*rejected_calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
    for (let again = 0; again < 3; again += 1) {
      const before = await refusals();
      await clock.advance(announceEveryMs);
      await until(async () => (await refusals()) > before, { what: 'another refusal' });
    }
    const region = cache.region({ name: 'item', ttl: '5m', load: async () => 'v' });
    expect(await region.get('a')).toBe('v');
    expect([told(), cache.status().redisErrors]).toEqual([1, 0]);
  });

  it('is closed within its deadline, however silent Redis is (R4)', async () => {
    const clock = new FakeClock();
    const cache = start({ clock, redisTimeout: 100 });
    await untilAnnounced(cache);
    proxy.silence('toClient');
    let isClosed = false;
    const closing = cache.close().then(() => (isClosed = true));
    await clock.advance(99);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    expect(isClosed).toBe(true);
    await closing;
    // What was asked fails with its connection.
    await until(() => clock.pending === 0, { what: 'the last timer to go' });
  });
});

describe('what Redis keeps of announcements', () => {
  const of = (instanceId: string): Announcement => ({
    instanceId,
    name: 'n',
    version: '0.1.0',
    mode: 'sidecar',
    upMs: 0,
    everyMs: 2_000,
    namespaces: [],
    l1: { entries: 0, hits: 0, l2Hits: 0, loads: 0 },
    leases: { live: 0, regions: 0 },
    redisErrors: 0,
    problems: [],
  });

  it('is bounded: the ones that announced themselves last', async () => {
    for (let at = 0; at < maxAnnounced + 5; at += 1)
      await announce({ redis, keyPrefix: 'copilot' }, of(`i-${at}`));
    expect(await redis.zcard(instancesKey('copilot'))).toBe(maxAnnounced);
    expect(await redis.zscore(instancesKey('copilot'), 'i-0')).toBeNull();
  });

  it('names neither those that are long silent, nor what a stranger put ahead of all', async () => {
    await redis.zadd(instancesKey('copilot'), 1, 'of long ago', 4e15, 'of the future', '+inf', 'for ever');
    await announce({ redis, keyPrefix: 'copilot' }, of('one'));
    expect(await redis.zrange(instancesKey('copilot'), 0, -1)).toEqual(['one']);
  });

  it('replaces a key of another type', async () => {
    await redis.set(instancesKey('copilot'), 'a stranger');
    await announce({ redis, keyPrefix: 'copilot' }, of('one'));
    expect(await redis.zrange(instancesKey('copilot'), 0, -1)).toEqual(['one']);
  });
});
