// The connection breaks while a script runs: before it had its effect, or after it, and the publisher cannot know which.
// It forgets its memory, and what Redis says is the truth (COHERENCE row 13).
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Follower } from '../testing/follower.ts';
import type { Publisher } from '../testing/publisher.ts';
import { looksUntilTakeover, RedisScene } from '../testing/redis-scene.ts';
import { policies, type ScriptedJournal } from '../testing/scripted-journal.ts';

let server: RedisServer;
let proxy: FaultProxy;
let scene: RedisScene;
let journal: ScriptedJournal;
let one: Publisher;
let follows: Follower;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(async () => {
  proxy = await startFaultProxy({ target: server });
  scene = new RedisScene(server);
  journal = scene.journal;
  one = await scene.working({ url: proxy.urlFor(server.url) });
  follows = await scene.follower();
  journal.commit('t0');
  await one.round();
  await follows.catchUp();
});

afterEach(async () => {
  scene.close();
  await proxy.close();
});

afterAll(() => server.close());

/** Runs a step whose script arrives, or does not, and whose answer never comes. */
async function withoutAnswer(isEffective: boolean, step: () => Promise<unknown>): Promise<void> {
  const before = (await scene.now()).headText;
  proxy.silence(isEffective ? 'toClient' : 'toServer');
  const { bytesToServer } = proxy.counts;
  const outcome = step().then(
    () => 'known',
    () => 'unknown',
  );
  if (isEffective) await until(async () => (await scene.now()).headText !== before, { what: 'the effect' });
  proxy.cutConnections();
  await proxy.heal();
  expect(await outcome).toBe('unknown');
  expect((await scene.now()).headText === before).toBe(!isEffective);
  if (!isEffective) expect(proxy.counts.bytesToServer).toBe(bytesToServer);
}

/** The publisher goes on, however many of its rounds fail until it is connected again. */
async function untilWorking(): Promise<void> {
  await until(
    async () => {
      const result = await one.tryRound();
      return result !== undefined && result !== 'standby' && result.isPublished && !result.wantsMore;
    },
    { what: 'a finished round' },
  );
}

async function readJournal(): ReturnType<ScriptedJournal['read']> {
  const { cursor } = await scene.now();
  const { signal } = new AbortController();
  return journal.read({ since: cursor?.snapshot ?? null, knownWatchHash: journal.watchHash, signal });
}

/** Every change is in a record, each generation follows the one before, nobody had to reset. */
async function expectUnbroken(keys: readonly string[]): Promise<void> {
  const { log, head, watch } = await scene.now();
  for (const [index, record] of log.entries()) {
    if (index > 0) expect(record.previous).toEqual(log[index - 1]?.position);
  }
  expect(log.at(-1)?.position).toEqual(head?.position);
  expect(watch?.hash).toBe(head?.watchHash);
  await follows.catchUp();
  expect(follows.position).toEqual(head?.position);
  for (const key of keys) expect(follows.hasHeard(policies, key)).toBe(true);
  expect(follows.resets).toHaveLength(1);
  expect(head?.floor).toBe(1);
}

describe.each([
  ['had its effect', true],
  ['never arrived', false],
])('a script that %s, and whose answer is lost', (_name, isEffective) => {
  test('begin: a new generation, linked to the one before, and nothing is lost', async () => {
    await withoutAnswer(isEffective, () => one.target.begin());
    journal.commit('t1');
    await untilWorking();
    expect((await scene.head()).position).toEqual({ generation: 2, sequence: 1 });
    await expectUnbroken(['t0', 't1']);
  });

  test('publish: a new generation, linked to the one before, and the change is told once', async () => {
    await one.target.begin();
    journal.commit('t1');
    const read = await readJournal();
    await withoutAnswer(isEffective, () => one.target.publish(read));
    await untilWorking();
    await expectUnbroken(['t0', 't1']);
    expect((await scene.head()).position.generation).toBe(2);
    const records = (await scene.now()).log.filter(({ changes }) => changes.get(policies)?.includes('t1'));
    expect(records).toHaveLength(1);
    expect(records[0]?.position.generation).toBe(isEffective ? 1 : 2);
  });

  test('takeover: one more generation, linked to the one before', async () => {
    proxy.cutConnections();
    await until(() => one.redis.epoch === 1 && one.redis.commands.status === 'ready', {
      what: 'the lost connection',
    });
    await one.target.begin();
    journal.commit('t1');
    const read = await readJournal();
    await withoutAnswer(isEffective, () => one.target.publish(read));
    await untilWorking();
    await expectUnbroken(['t0', 't1']);
    expect((await scene.head()).position.generation).toBe(3);
  });
});

describe('after an unknown outcome', () => {
  test('a publisher waits its turn when another one moved the head meanwhile', async () => {
    await withoutAnswer(true, () => one.target.begin());
    const other = await scene.publisher();
    await looksUntilTakeover(other);
    await until(() => one.redis.commands.status === 'ready', { what: 'the connection' });
    expect(await one.round()).toBe('standby');
    await other.rounds();
    expect((await scene.head()).position.generation).toBe(2);
    await expectUnbroken(['t0']);
  });

  test('a Redis that came back empty is claimed at once, and everybody resets: the memory is gone', async () => {
    await withoutAnswer(true, () => one.target.begin());
    await scene.redis.flushall();
    journal.commit('t1');
    await untilWorking();
    const { log, head } = await scene.now();
    expect(log).toMatchObject([{ previous: null }]);
    expect(head).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
    await follows.catchUp();
    expect(follows.resets).toHaveLength(2);
  });
});

describe('a connection that was lost while no script ran', () => {
  test('but between begin and publish: nothing was sent, so that the memory is whole', async () => {
    await one.target.begin();
    journal.commit('t1');
    const read = await readJournal();
    await proxy.cut();
    await until(() => one.redis.epoch === 1, { what: 'the lost connection' });
    expect(await one.target.publish(read)).toMatchObject({ isPublished: false });
    await scene.redis.flushall();
    await proxy.heal();
    await untilWorking();
    expect((await scene.now()).log[0]?.previous).toEqual({ generation: 1, sequence: 1 });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't1')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('keeps the memory: a Redis that came back empty is linked to it', async () => {
    await proxy.cut();
    await until(() => one.redis.epoch === 1, { what: 'the lost connection' });
    await scene.redis.flushall();
    expect(await one.tryRound()).toBeUndefined();
    expect(await one.tryRound()).toBeUndefined();
    await proxy.heal();
    journal.commit('t1');
    await untilWorking();
    const { log, head } = await scene.now();
    expect(log[0]?.previous).toEqual({ generation: 1, sequence: 1 });
    expect(head).toMatchObject({ floor: 2 });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't1')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });
});
