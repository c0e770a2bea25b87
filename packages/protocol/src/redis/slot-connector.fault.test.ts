// Connections to the master of a slot, on a real Redis Cluster whose slots move and whose masters die. What matters is that
// nothing is ever sent twice, and that another master is always another connection.
import {
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
  until,
} from '@tidemark/devstack';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../ports/system-clock.ts';
import { since } from '../scripts/since.ts';
import { tell } from '../scripts/tell.ts';
import { parseHint } from '../wire/hint.ts';
import { keySlot } from '../wire/key-slot.ts';
import { namespaceKeys } from '../wire/key.ts';
import type { ClusterOption } from './cluster-option.ts';
import { connectRedis } from './connect.ts';
import { Subscriptions } from './subscriptions.ts';

const keys = namespaceKeys('copilot', 'main', 'slots');
const slot = keySlot(keys.head);

let cluster: RedisCluster;
let option: ClusterOption;
let open: Redis[];
let errors: string[];

beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: 1 });
  option = { kind: 'cluster', nodes: cluster.addresses };
});

beforeEach(() => {
  open = [];
  errors = [];
});

afterEach(() => {
  for (const redis of open) redis.disconnect();
});

afterAll(() => cluster.close());

function connect(more: Partial<ClusterOption> = {}, isSubscriber = false): Redis {
  const redis = connectRedis(
    { ...option, ...more },
    {
      name: 'test',
      slotOf: keys.head,
      isSubscriber,
      ...(isSubscriber ? {} : { commandTimeoutMs: 1_000 }),
      onError: ({ message }) => errors.push(message),
    },
  );
  open.push(redis);
  return redis;
}

/** Where a connection leads. */
async function portOf(redis: Redis): Promise<number> {
  const [, port] = (await redis.config('GET', 'port')) as string[];
  return Number(port);
}

async function untilServed(redis: Redis): Promise<void> {
  await until(async () => (await redis.set(keys.head, 'x').catch(() => 'not yet')) === 'OK', {
    what: 'the slot to be served',
    deadlineMs: 30_000,
  });
}

async function otherMaster(): Promise<RedisServer> {
  const here = await cluster.masterOf(slot);
  const masters = await Promise.all([0, 8_000, 16_000].map((one) => cluster.masterOf(one)));
  const other = masters.find((master) => master !== here);
  if (other === undefined) throw new Error('all slots have one master');
  return other;
}

it('counts slots as Redis does', async () => {
  const redis = connect();
  await until(() => redis.status === 'ready');
  for (const key of [keys.head, 'a', '', '{}', '{a', 'x{ä€}y{z}', '}{', '{{a}}']) {
    expect(await redis.cluster('KEYSLOT', key)).toBe(keySlot(key));
  }
});

describe('a connection to a slot', () => {
  it('leads to its master, through whichever node is asked', async () => {
    const { port } = await cluster.masterOf(slot);
    for (const node of cluster.addresses) {
      const redis = connect({ nodes: [node] });
      await untilServed(redis);
      expect(await portOf(redis)).toBe(port);
    }
    expect(errors).toEqual([]);
  });

  it('passes over nodes that are not there, and says so (R6)', async () => {
    const redis = connect({ nodes: [{ host: '127.0.0.1', port: 1 }, ...cluster.addresses] });
    await untilServed(redis);
    expect(errors.join()).toContain('ECONNREFUSED');
  });

  it('goes to the addresses that stand for those that nodes tell', async () => {
    const { host, port } = await cluster.masterOf(slot);
    const elsewhere = await cluster.masterOf((slot + 8_192) % 16_384);
    const told = `${host}:${port}`;
    const redis = connect({ natMap: { [told]: { host: elsewhere.host, port: elsewhere.port } } });
    await until(() => redis.status === 'ready');
    expect(await portOf(redis)).toBe(elsewhere.port);
  });

  it('says that a server is in no Cluster', async () => {
    await using server = await startRedis({ environment: { ...process.env, REDIS_URL: '' } });
    connect({ nodes: [server] });
    await until(() => errors.length > 0);
    expect(errors[0]).toContain('cluster support disabled');
  });

  it('as to a single server is refused with what to set instead, whatever is asked', async () => {
    const { url } = await otherMaster();
    const redis = connectRedis(url, { name: 'test', onError: ({ message }) => errors.push(message) });
    open.push(redis);
    await until(() => redis.status === 'ready');
    const plain = namespaceKeys('copilot', 'main');
    const asked = [
      redis.mget(plain.head, plain.watch),
      redis.get(keys.head),
      since(redis, { keys: plain, position: null, knownWatchHash: null }),
    ];
    for (const answer of asked)
      await expect(answer).rejects.toThrow(/^this Redis is a node .* by REDIS_CLUSTER, or in code/);
    expect(errors).toEqual([]);
  });

  it('that is given up while it is sought ends, and leaves nothing behind', async () => {
    const redis = connect({ nodes: [{ host: '127.0.0.1', port: 1 }] });
    await until(() => errors.length > 1);
    redis.disconnect();
    await until(() => redis.status === 'end');
  });

  it.each([[[]], [[{ host: '', port: 1 }]], [[{ host: 'a', port: Number.NaN }]]])(
    'refuses the nodes %j',
    (nodes) => {
      expect(() => connect({ nodes })).toThrow(expect.objectContaining({ code: 'REDIS_CLUSTER_INVALID' }));
    },
  );
});

it('refuses the client of a Cluster, which would be taken for options without an address', () => {
  const client = new Cluster([...cluster.addresses], { lazyConnect: true });
  expect(() => connectRedis(client as unknown as Redis, { name: 'test' })).toThrow(
    expect.objectContaining({ code: 'REDIS_CLUSTER_INVALID' }),
  );
  client.disconnect();
});

describe('when the slot has another master', () => {
  it('a command fails, nothing is sent twice, and the next connection leads there (R1)', async () => {
    const redis = connect();
    await untilServed(redis);
    await redis.del('{copilot:main}:count');
    let closes = 0;
    redis.on('close', () => (closes += 1));
    const to = await otherMaster();
    await cluster.moveSlot({ slot, to });
    expect(redis.status).toBe('ready');
    await expect(redis.incr('{copilot:main}:count')).rejects.toThrow(/^MOVED/);
    await untilServed(redis);
    expect([closes, await portOf(redis)]).toEqual([1, to.port]);
    expect(await redis.get('{copilot:main}:count')).toBeNull();
  });

  it('a burst of commands ends the connection once, and leaves no listener for each of them', async () => {
    const redis = connect();
    await untilServed(redis);
    const { stream } = redis;
    const listeners = stream.listenerCount('close');
    await cluster.moveSlot({ slot, to: await otherMaster() });
    await Promise.all(Array.from({ length: 20 }, () => redis.get(keys.head).catch(() => null)));
    expect(stream.listenerCount('close')).toBeLessThanOrEqual(listeners + 1);
    await untilServed(redis);
    expect(redis.stream).not.toBe(stream);
  });

  it('the answer within a transaction says so, too', async () => {
    const redis = connect();
    await untilServed(redis);
    const to = await otherMaster();
    await cluster.moveSlot({ slot, to });
    await expect(redis.multi().role().get(keys.head).exec()).rejects.toThrow(/EXECABORT/);
    await untilServed(redis);
    expect(await portOf(redis)).toBe(to.port);
  });

  it('a connection stays while half of the keys are moved: the old master has the word (R6)', async () => {
    const redis = connect();
    await untilServed(redis);
    const names = ['a', 'b', 'c', 'd'].map((name) => `{copilot:main}:${name}`);
    for (const name of names) await redis.set(name, name);
    let closes = 0;
    redis.on('close', () => (closes += 1));
    const halfway = async (): Promise<void> => {
      await expect(redis.mget(...names, keys.head)).rejects.toThrow(/^(TRYAGAIN|ASK)/);
      expect([closes, redis.status]).toEqual([0, 'ready']);
    };
    await cluster.moveSlot({ slot, to: await otherMaster(), halfway });
    await until(async () => (await redis.mget(...names).catch(() => [])).join() === names.join());
  });

  it('after an orderly failover, and after a kill, the connection goes to the replica (R6)', async () => {
    const redis = connect();
    await untilServed(redis);
    const master = await cluster.masterOf(slot);
    const [replica] = await cluster.replicasOf(master);
    if (replica === undefined) throw new Error('no replica');
    await cluster.failOver(replica);
    await untilServed(redis);
    expect(await portOf(redis)).toBe(replica.port);

    await replica.kill();
    await until(async () => (await portOf(redis).catch(() => 0)) === master.port, { deadlineMs: 30_000 });
    await untilServed(redis);
    await replica.start();
    await cluster.settle();
  });
});

describe('a sharded channel', () => {
  let heard: string[];
  let publisher: Redis;

  async function listening(): Promise<Redis> {
    heard = [];
    publisher = connect();
    const subscriber = connect({}, true);
    const subscriptions = new Subscriptions({ subscriber, clock: systemClock });
    void subscriptions.listen(keys.records, (text) => heard.push(text), { isSharded: true });
    await untilHeard('first');
    return subscriber;
  }

  async function untilHeard(text: string): Promise<void> {
    const isHeard = async (): Promise<boolean> => {
      await publisher.spublish(keys.records, text).catch(() => 0);
      return heard.includes(text);
    };
    await until(isHeard, { what: `"${text}" to be heard`, deadlineMs: 30_000 });
  }

  it('is heard from the nodes of its slot, and from no other', async () => {
    await listening();
    const elsewhere = new Redis((await otherMaster()).url);
    open.push(elsewhere);
    expect(await elsewhere.pubsub('SHARDCHANNELS')).toEqual([]);
    expect(await publisher.pubsub('SHARDCHANNELS')).toEqual([keys.records]);
  });

  it('that is asked for where its slot is not ends the connection, and leaves nothing to wait for (R6)', async () => {
    const { host, port } = await cluster.masterOf(slot);
    const elsewhere = await otherMaster();
    const natMap = { [`${host}:${port}`]: { host: elsewhere.host, port: elsewhere.port } };
    const subscriber = connect({ natMap }, true);
    let closes = 0;
    subscriber.on('close', () => (closes += 1));
    const subscriptions = new Subscriptions({ subscriber, clock: systemClock });
    void subscriptions.listen(keys.records, () => {}, { isSharded: true });
    await until(() => closes > 1, { what: 'another connection, and another' });
  });

  it('is heard again when its slot has moved', async () => {
    const subscriber = await listening();
    await cluster.moveSlot({ slot, to: await otherMaster() });
    await untilHeard('after the move');
    expect(subscriber.status).toBe('ready');
    expect(new Set(errors)).toEqual(
      new Set(['the slot of the channels has moved to another node of the Redis Cluster']),
    );
  });

  it('is heard again when its master has been killed', async () => {
    await listening();
    const master = await cluster.masterOf(slot);
    await master.kill();
    await untilHeard('after the kill');
    await master.start();
    await cluster.settle();
  });
});

it('servers before 7.0, which know no sharded channels, carry the messages on plain ones', async () => {
  const settings = { 'rename-command': 'SPUBLISH  --rename-command SSUBSCRIBE ' };
  await using old = await startRedisCluster({ masters: 1, settings });
  const publisher = connect({ nodes: old.addresses });
  const subscriber = connect({ nodes: old.addresses }, true);
  const heard: string[] = [];
  const subscriptions = new Subscriptions({ subscriber, clock: systemClock });
  await until(() => publisher.status === 'ready' && subscriber.status === 'ready');
  await expect(publisher.spublish(keys.hints, 'x')).rejects.toThrow('unknown command');
  expect(await subscriptions.listen(keys.hints, (text) => heard.push(text), { isSharded: true })).toBe(true);
  const hint = { kind: 'prefix', table: 'a.t', prefix: 'copilot:t' } as const;
  await tell(publisher, { keys, hint });
  await until(() => heard.length > 0, { what: 'the hint' });
  expect(parseHint(heard[0] ?? '')).toEqual(hint);
});
