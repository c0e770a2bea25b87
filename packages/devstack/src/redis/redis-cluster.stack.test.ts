import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import { type RedisCluster, startRedisCluster } from './redis-cluster.ts';

let cluster: RedisCluster;
let client: Cluster;

/** CLUSTER KEYSLOT of `{a}`. */
const slotOfA = 15_495;

beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: 1 });
  client = new Cluster([...cluster.addresses]);
});

afterAll(async () => {
  client.disconnect();
  await cluster.close();
});

describe('a local Redis Cluster', () => {
  test('serves every slot, from three masters with a replica each', async () => {
    for (const key of ['{a}', '{b}', '{c}', '{d}']) await client.set(key, key);
    expect(await client.get('{c}')).toBe('{c}');
    const masters = await Promise.all([0, 8_000, 16_000].map((slot) => cluster.masterOf(slot)));
    expect(new Set(masters).size).toBe(3);
    for (const master of masters) expect(await cluster.replicasOf(master)).toHaveLength(1);
  });

  test('moves a slot with its keys, and half of them may be looked at on the way', async () => {
    for (const at of [1, 2, 3, 4]) await client.set(`{a}${at}`, 'x');
    const from = await cluster.masterOf(slotOfA);
    const to = await cluster.masterOf(0);
    expect(to).not.toBe(from);
    let answer: unknown;
    const halfway = async (): Promise<void> => {
      const half = new Cluster([...cluster.addresses], { retryDelayOnTryAgain: 0, maxRedirections: 1 });
      answer = await half.mget('{a}1', '{a}2', '{a}3', '{a}4').catch((error: unknown) => String(error));
      half.disconnect();
    };
    await cluster.moveSlot({ slot: slotOfA, to, halfway });
    expect(String(answer)).toMatch(/TRYAGAIN|Too many Cluster redirections/);
    expect(await cluster.masterOf(slotOfA)).toBe(to);
    expect(await client.mget('{a}1', '{a}4')).toEqual(['x', 'x']);
  });

  test('lets a replica take over in order, and by itself when its master is killed', async () => {
    const master = await cluster.masterOf(0);
    const [replica] = await cluster.replicasOf(master);
    if (replica === undefined) throw new Error('no replica');
    await cluster.failOver(replica);
    await until(async () => (await cluster.masterOf(0)) === replica, { what: 'everybody to know it' });
    await cluster.settle();

    await replica.kill();
    await until(async () => (await cluster.masterOf(0).catch(() => undefined)) === master, {
      what: 'the other one to be the master again',
      deadlineMs: 30_000,
    });
    await replica.start();
    // It begins as the master that it was, and hears of the other one from its neighbours.
    await until(async () => (await cluster.replicasOf(master))[0] === replica, {
      what: 'the killed one to follow',
      deadlineMs: 30_000,
    });
    await cluster.settle();
  });
});
