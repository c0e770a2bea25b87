// What is seen in a real Redis, with strangers in it, and through outages of it.
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import {
  announce,
  type Announcement,
  announcementKey,
  announcementTtlMs,
  formatHead,
  instancesKey,
  maxAnnouncementBytes,
  namespaceKeys,
  systemClock,
  withdraw,
} from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readInstances } from '../instances/read-instances.ts';
import { announcementOf } from '../testing/announcements.ts';
import { Observer } from './observer.ts';

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

function announceOne(instanceId: string, changed: Partial<Announcement> = {}): Promise<void> {
  return announce(
    { redis, keyPrefix: 'copilot' },
    announcementOf({ instanceId, name: instanceId, ...changed }),
  );
}

describe('reading the instances', () => {
  it('finds each with the time since it announced itself, as Redis counts it', async () => {
    expect(await readInstances({ redis, keyPrefix: 'copilot' })).toEqual({ instances: [], refused: 0 });
    await announceOne('one');
    await announceOne('two');
    await redis.pexpire(announcementKey('copilot', 'two'), announcementTtlMs - 20_000);
    const { instances, refused } = await readInstances({ redis, keyPrefix: 'copilot' });
    const silent = Object.fromEntries(instances.map((one) => [one.announcement.name, one.silentMs]));
    expect([silent['two']! >= 20_000, silent['one']! < 20_000, refused]).toEqual([true, true, 0]);
    await withdraw({ redis, keyPrefix: 'copilot' }, 'one');
    expect((await readInstances({ redis, keyPrefix: 'copilot' })).instances).toHaveLength(1);
  });

  it('refuses what strangers write, and counts it', async () => {
    await announceOne('one');
    const index = instancesKey('copilot');
    const put = async (id: string, text: string | Buffer): Promise<void> => {
      await redis.zadd(index, 1, id);
      await redis.set(announcementKey('copilot', id), text, 'PX', announcementTtlMs);
    };
    await put('no-json', 'hello');
    await put('large', Buffer.alloc(5 * maxAnnouncementBytes, ' '));
    await put('of-another', JSON.stringify(announcementOf({ instanceId: 'one' })));
    await redis.zadd(index, 1, 'no id:*', 1, 'gone');
    await put('for-ever', JSON.stringify(announcementOf({ instanceId: 'for-ever' })));
    await redis.persist(announcementKey('copilot', 'for-ever'));
    await redis.zadd(index, 1, 'a-list');
    await redis.lpush(announcementKey('copilot', 'a-list'), 'x');
    const { instances, refused } = await readInstances({ redis, keyPrefix: 'copilot' });
    expect([instances.map((one) => one.announcement.name), refused]).toEqual([['one'], 6]);
  });

  it('takes an index of another type for none', async () => {
    await redis.set(instancesKey('copilot'), 'x');
    expect((await readInstances({ redis, keyPrefix: 'copilot' })).instances).toEqual([]);
  });
});

describe('the observer', () => {
  const keys = namespaceKeys('copilot', 'main');

  function start(): Observer {
    return new Observer({
      redis: `redis://127.0.0.1:${proxy.port}`,
      keyPrefix: 'copilot',
      clock: systemClock,
      namespaces: () => ['main'],
      onReading: () => {},
    });
  }

  async function setHead(generation: number, sequence: number): Promise<void> {
    await redis.set(
      keys.head,
      formatHead({
        position: { generation, sequence },
        floor: 1,
        begun: 1,
        done: 1,
        watchHash: 'w',
        tableFloors: new Map(),
      }),
    );
  }

  async function publishRecord(sequence: number, key: string): Promise<void> {
    await redis.xadd(keys.log, `1-${sequence}`, 'p', `1-${sequence - 1}`, 'c', `{"public.item":["${key}"]}`);
    await setHead(1, sequence);
  }

  it('sees the records that come after its first look, each once, the newest first', async () => {
    await publishRecord(1, 'before');
    using observer = start();
    await until(() => observer.observation.namespaces[0]?.head !== null && observer.observation.isHeard, {
      what: 'a first look',
    });
    await publishRecord(2, 'a');
    await publishRecord(3, 'b');
    const seen = (): string[] =>
      observer.observation.records.map(({ record }) => String(record.changes.get('public.item')));
    await until(() => seen().length === 2, { what: 'two records' });
    await publishRecord(4, 'c');
    await until(() => seen().length === 3, { what: 'another one' });
    expect(seen()).toEqual(['c', 'b', 'a']);
  });

  it('follows the namespaces that instances announce, and not too many', async () => {
    const namespaces = Array.from({ length: 16 }, (_, at) => ({
      namespace: `n-${at}`,
      position: null,
      tidemarkAgeMs: null,
      boundMs: null,
    }));
    await announceOne('one', { namespaces });
    await announceOne('two', { namespaces: [{ ...namespaces[0]!, namespace: 'too-many' }] });
    using observer = start();
    await until(() => observer.observation.instances.length === 2, { what: 'the instances' });
    const followed = observer.observation.namespaces.map(({ namespace }) => namespace);
    expect([followed.length, followed[0]]).toEqual([16, 'main']);
  });

  it('knows nothing while Redis is silent, and looks again when it is back', async () => {
    await announceOne('one');
    using observer = start();
    await until(() => observer.observation.instances[0]?.freshness === 'fresh', { what: 'the instance' });
    proxy.silence('toClient');
    await until(() => observer.observation.instances[0]?.freshness === 'unknown', { what: 'the silence' });
    expect(observer.observation.isHeard).toBe(false);
    await proxy.heal();
    await announceOne('one', { upMs: 70_000 });
    await until(() => observer.observation.instances[0]?.freshness === 'fresh', {
      what: 'the instance again',
    });
  });

  it('gives up a connection that stays silent for another one', async () => {
    using observer = start();
    await until(() => observer.observation.isHeard, { what: 'an answer' });
    const connections = async (): Promise<string[]> =>
      String(await redis.client('LIST'))
        .split('\n')
        .filter((line) => line.includes('name=tidemark-observer'))
        .map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
    const [before] = await connections();
    proxy.silence('toClient');
    await until(async () => !(await connections()).includes(before ?? ''), {
      what: 'the connection to be given up',
    });
  });
});
