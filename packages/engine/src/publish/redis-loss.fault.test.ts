// A Redis that loses what it held: all of it, the last part of it, or one key. What a publisher remembers, what Redis
// holds and what instances have applied then differ, and no change may fall between (R1, R2).
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { formatHead } from '@tidemark/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Publisher, remember } from '../testing/publisher.ts';
import { looksUntilTakeover, RedisScene } from '../testing/redis-scene.ts';
import { policies, type ScriptedJournal } from '../testing/scripted-journal.ts';

let server: RedisServer;
let scene: RedisScene;
let journal: ScriptedJournal;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(() => {
  scene = new RedisScene(server);
  journal = scene.journal;
});

afterEach(() => scene.close());

afterAll(() => server.close());

/** The connection breaks, as it does with every restart, and is there again. */
async function reconnect(one: Publisher): Promise<void> {
  const { epoch, commands } = one.redis;
  await scene.redis.client('KILL', 'ID', await commands.client('ID'));
  await until(() => one.redis.epoch > epoch && commands.status === 'ready', { what: 'the new connection' });
}

async function commitAndRound(one: Publisher, key: string): Promise<void> {
  journal.commit(key);
  await one.round();
}

test('a Redis that is full keeps what it holds: no generation is opened in which no round could be done', async () => {
  const one = await scene.working();
  const follows = await scene.follower();
  await commitAndRound(one, 't1');
  const before = await scene.now();
  await scene.redis.config('SET', 'maxmemory', 1);
  journal.commit('t2');
  try {
    for (let rounds = 0; rounds < 4; rounds += 1) expect(await one.tryRound()).toBeUndefined();
    expect(await scene.now()).toEqual(before);
  } finally {
    await scene.redis.config('SET', 'maxmemory', 0);
  }
  await one.rounds();
  expect((await scene.now()).log.map(({ position }) => position.sequence)).toEqual([0, 1, 0, 1]);
  await follows.catchUp();
  expect(follows.hasHeard(policies, 't2')).toBe(true);
  expect(follows.resets).toHaveLength(1);
});

describe('a publisher with a memory', () => {
  test('opens a generation after a reconnect, linked to its last record and with the floors kept', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    journal.commitWhole();
    await one.round();
    await commitAndRound(one, 't1');
    const noted = { generation: 1, sequence: 2 };
    await reconnect(one);
    journal.commit('t2');
    await one.rounds();

    const head = await scene.head();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 1 }, floor: 1 });
    expect(head.tableFloors.get(policies)).toEqual({ generation: 1, sequence: 1 });
    expect(await scene.isServed(noted)).toBe(true);
    expect(await scene.isServed({ generation: 1, sequence: 0 })).toBe(false);
    const { log, watch } = await scene.now();
    expect(log[3]).toMatchObject({ position: { generation: 2, sequence: 0 }, previous: noted });
    expect(watch?.hash).toBe(head.watchHash);
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't2')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('goes on after FLUSHALL from its memory: instances in step keep their L1, L2 is refused', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await commitAndRound(one, 't1');
    await follows.catchUp();
    journal.commit('t2');
    await scene.redis.flushall();
    await one.rounds();

    const { head, log, watch } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 1 }, floor: 2 });
    expect(await scene.isServed({ generation: 1, sequence: 1 })).toBe(false);
    expect(log[0]).toMatchObject({ previous: { generation: 1, sequence: 1 } });
    expect(watch?.hash).toBe(head?.watchHash);
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't2')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('makes instances reset that were not in step when Redis was flushed: what they miss is gone', async () => {
    const one = await scene.working();
    const late = await scene.follower();
    late.close();
    await commitAndRound(one, 't1');
    await scene.redis.flushall();
    await one.rounds();
    const follows = await scene.follower();
    follows.position = { generation: 1, sequence: 0 };
    await follows.catchUp();
    expect(follows.resets).toHaveLength(2);
  });

  test('goes on from its memory when Redis went back: no lost UNLINK lets an L2 value live', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await commitAndRound(one, 't1');
    await scene.redis.set(scene.valueKey('t2'), 'old');
    const goBack = await remember(scene.redis, scene.keyPrefix);
    await commitAndRound(one, 't2');
    await follows.catchUp();
    expect(await scene.redis.exists(scene.valueKey('t2'))).toBe(0);

    await goBack();
    expect(await scene.redis.exists(scene.valueKey('t2'))).toBe(1);
    journal.commit('t3');
    await one.rounds();
    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 1 }, floor: 2 });
    expect(await scene.isServed({ generation: 1, sequence: 1 })).toBe(false);
    expect(log[2]).toMatchObject({
      position: { generation: 2, sequence: 0 },
      previous: { generation: 1, sequence: 2 },
    });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't3')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('makes instances reset that stand where Redis went back to: the lost record named a key', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    follows.close();
    const goBack = await remember(scene.redis, scene.keyPrefix);
    await commitAndRound(one, 't1');
    await goBack();
    await one.rounds();
    const other = await scene.follower();
    other.position = follows.position;
    await other.catchUp();
    expect(other.position).toEqual({ generation: 2, sequence: 0 });
    expect(other.resets).toHaveLength(2);
  });

  test('stands by when Redis went back to the time of a later generation than its own', async () => {
    const zombie = await scene.working();
    const other = await scene.publisher();
    await looksUntilTakeover(other);
    await other.rounds();
    const before = await scene.now();
    await reconnect(zombie);
    expect(await zombie.round()).toBe('standby');
    expect(await scene.now()).toEqual(before);
  });

  test('is above all generations when Redis went back to one before a takeover', async () => {
    const first = await scene.working();
    const goBack = await remember(scene.redis, scene.keyPrefix);
    first.close();
    const other = await scene.publisher();
    await looksUntilTakeover(other);
    await other.rounds();
    await commitAndRound(other, 't1');
    await goBack();
    await other.rounds();
    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 3, sequence: 0 }, floor: 3 });
    expect(log.at(-1)?.previous).toEqual({ generation: 2, sequence: 1 });
  });
});

describe('a publisher without a memory', () => {
  test('on a Redis that went back links to what Redis holds, and reads the lost changes again', async () => {
    const first = await scene.working();
    const ahead = await scene.follower();
    const goBack = await remember(scene.redis, scene.keyPrefix);
    const behind = await scene.follower();
    await commitAndRound(first, 't1');
    await ahead.catchUp();
    first.close();
    behind.close();
    await goBack();
    const fresh = await scene.publisher();
    await looksUntilTakeover(fresh);
    await fresh.rounds();

    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 1 }, floor: 1 });
    expect(log.slice(1)).toMatchObject([
      { position: { generation: 2, sequence: 0 }, previous: { generation: 1, sequence: 0 } },
      { position: { generation: 2, sequence: 1 }, changes: new Map([[policies, ['t1']]]) },
    ]);
    await ahead.catchUp();
    expect(ahead.position).toEqual(head?.position);
    expect(ahead.resets).toHaveLength(2);
  });

  test('on an empty Redis makes everybody reset, at once', async () => {
    const first = await scene.working();
    const follows = await scene.follower();
    await commitAndRound(first, 't1');
    first.close();
    await scene.redis.flushall();
    const fresh = await scene.publisher();
    await fresh.rounds();
    expect(await scene.head()).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
    await follows.catchUp();
    expect(follows.resets).toHaveLength(2);
  });

  test('on a head without a cursor makes everybody reset: nobody knows what was read (COHERENCE row 18)', async () => {
    const first = await scene.working();
    first.close();
    journal.commit('unread');
    await scene.redis.del(scene.keys.cursor);
    const fresh = await scene.publisher();
    await looksUntilTakeover(fresh);
    const { head, log, cursor } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
    expect(log).toMatchObject([{ previous: null }]);
    expect(cursor).toEqual(journal.cursor);
  });

  test.each(['', '{', '{"snapshot":"0"}', 'null'])(
    'on a cursor that reads %j makes everybody reset',
    async (text) => {
      const first = await scene.working();
      first.close();
      await scene.redis.set(scene.keys.cursor, text);
      const fresh = await scene.publisher();
      await looksUntilTakeover(fresh);
      expect((await scene.now()).log).toMatchObject([{ previous: null }]);
    },
  );

  test.each(['', 'nonsense', '1 2 3', '1 0 1 0 0 hash {"t":"x"}'])(
    'on a head that reads %j makes everybody reset, in a later generation',
    async (text) => {
      const first = await scene.working();
      first.close();
      await scene.redis.set(scene.keys.head, text);
      const fresh = await scene.publisher();
      await fresh.rounds();
      const { head, log } = await scene.now();
      expect(head).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
      expect(log).toMatchObject([{ previous: null }]);
    },
  );
});

describe('a key that Redis evicted or a stranger overwrote, while a publisher works', () => {
  test('the head: the generation after it is linked to the memory, with a floor', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await commitAndRound(one, 't1');
    await follows.catchUp();
    await scene.redis.del(scene.keys.head);
    journal.commit('t2');
    await one.rounds();
    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 1 }, floor: 2 });
    expect(log.at(-2)?.previous).toEqual({ generation: 1, sequence: 1 });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't2')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('a corrupt head: the same', async () => {
    const one = await scene.working();
    await commitAndRound(one, 't1');
    await scene.redis.set(scene.keys.head, 'nonsense');
    await one.rounds();
    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
    expect(log.at(-1)?.previous).toEqual({ generation: 1, sequence: 1 });
  });

  test('the head, between begin and publish: nothing is published that nobody could place', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await one.target.begin();
    await scene.redis.del(scene.keys.head);
    journal.commit('t1');
    const { signal } = new AbortController();
    const read = await journal.read({ since: '0', knownWatchHash: journal.watchHash, signal });
    expect(await one.target.publish(read)).toMatchObject({ isPublished: false });
    expect((await scene.now()).headText).toBeNull();
    await one.rounds();
    // The refusal was certain, so that the memory is whole: instances in step keep their L1.
    expect((await scene.now()).log.at(-2)?.previous).toEqual({ generation: 1, sequence: 0 });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't1')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('all of it, with the connection, between begin and publish: the memory is whole as well', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await commitAndRound(one, 't1');
    await one.target.begin();
    journal.commit('t2');
    const { signal } = new AbortController();
    const read = await journal.read({ since: '1', knownWatchHash: journal.watchHash, signal });
    await scene.redis.flushall();
    await reconnect(one);
    expect(await one.target.publish(read)).toMatchObject({ isPublished: false });
    await one.rounds();
    expect((await scene.now()).log[0]?.previous).toEqual({ generation: 1, sequence: 1 });
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't2')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('the cursor: the next round writes it again', async () => {
    const one = await scene.working();
    await scene.redis.del(scene.keys.cursor);
    journal.commit('t1');
    await one.round();
    expect((await scene.now()).cursor).toEqual(journal.cursor);
    expect((await scene.head()).position.generation).toBe(1);
  });

  test('the log: records go on, whoever missed one resets, and nobody else does', async () => {
    const one = await scene.working();
    const inStep = await scene.follower();
    const behind = await scene.follower();
    await commitAndRound(one, 't1');
    await inStep.catchUp();
    await behind.catchUp();
    behind.position = { generation: 1, sequence: 0 };
    await scene.redis.del(scene.keys.log);
    await commitAndRound(one, 't2');
    await inStep.catchUp();
    await behind.catchUp();
    expect(inStep.hasHeard(policies, 't2')).toBe(true);
    expect(inStep.resets).toHaveLength(1);
    expect(behind.resets).toHaveLength(2);
    expect((await scene.head()).position).toEqual({ generation: 1, sequence: 2 });
  });

  test('a log of another type: nothing of the round is done, a new generation heals it, and nobody resets (R2)', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    await scene.redis.set(scene.keys.log, 'not a stream');
    journal.commit('t1');
    await expect(one.round()).rejects.toThrow(/WRONGTYPE/);
    await one.rounds();
    await commitAndRound(one, 't2');
    await follows.catchUp();
    // What the failed round had found is found again: head and cursor had not moved.
    expect(follows.hasHeard(policies, 't1')).toBe(true);
    expect(follows.resets).toHaveLength(1);
    expect(follows.position).toEqual((await scene.head()).position);
    expect((await scene.now()).log.at(-1)?.changes).toEqual(new Map([[policies, ['t2']]]));
  });

  test('a head of long ago beside the log of now does not block the namespace (R6)', async () => {
    const one = await scene.working();
    await commitAndRound(one, 't1');
    await commitAndRound(one, 't2');
    const head = await scene.head();
    one.close();
    journal.lastGeneration = 0;
    const old = { ...head, position: { generation: 0, sequence: 1 }, floor: 0 };
    await scene.redis.set(scene.keys.head, formatHead(old));
    const fresh = await scene.publisher();
    await looksUntilTakeover(fresh);
    await commitAndRound(fresh, 't3');
    expect((await scene.now()).log.at(-1)?.changes).toEqual(new Map([[policies, ['t3']]]));
  });
});
