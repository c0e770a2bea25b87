// One namespace, one or two publishers, a real Redis, a journal in memory: who publishes, and what.
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { parseMessage } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { looksUntilTakeover, RedisScene } from '../testing/redis-scene.ts';
import { policies, policyWatch, type ScriptedJournal, watched } from '../testing/scripted-journal.ts';
import { patience } from './claim.ts';

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

describe('the first publisher of a namespace', () => {
  test('opens a generation that is linked to nothing, with a floor, at the present of the journal', async () => {
    journal.commit('before');
    const one = await scene.publisher();
    expect(await one.round()).toEqual({
      isPublished: true,
      changed: 0,
      wantsMore: true,
      opened: { generation: 1, isLinked: false },
    });
    const { head, cursor, log, watch } = await scene.now();
    expect(head).toMatchObject({
      position: { generation: 1, sequence: 0 },
      floor: 1,
      begun: 0,
      done: 0,
      watchHash: journal.watchHash,
    });
    expect(cursor).toEqual(journal.cursor);
    expect(log).toEqual([{ position: { generation: 1, sequence: 0 }, previous: null, changes: new Map() }]);
    expect(watch).toEqual({
      hash: journal.watchHash,
      roundEveryMs: 100,
      tables: journal.watch,
      namespaces: ['main'],
    });
    expect(one.target.position).toEqual({ generation: 1, sequence: 0 });
    expect(one.log.told('info')).toContain('new generation, linked to nothing');
  });

  test.each<[string, (scene: RedisScene) => Promise<unknown>]>([
    ['evicted', ({ redis, keys }) => redis.del(keys.watch)],
    ['overwritten', ({ redis, keys }) => redis.set(keys.watch, 'by a stranger')],
    [
      'replaced by a key of another type',
      ({ redis, keys }) => redis.multi().del(keys.watch).lpush(keys.watch, 'x').exec(),
    ],
  ])(
    'writes a watch that was %s again within twenty rounds: new instances get their lease (R6)',
    async (_what, spoil) => {
      const one = await scene.working();
      const { watch } = await scene.now();
      await spoil(scene);
      expect((await scene.now()).watch).toBeNull();
      for (let round = 0; round < 20; round += 1) await one.round();
      expect((await scene.now()).watch).toEqual(watch);
    },
  );

  test('publishes what one round found as one record: in the log, on the bus, and L2 without the old values', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    const [t1, t2, t3] = ['t1', 't2', 't3'].map((key) => scene.valueKey(key)) as [string, string, string];
    await scene.redis.mset(t1, 'old', t2, 'old', t3, 'kept');
    journal.commit('t1');
    journal.commit('t2');
    expect(await one.round()).toEqual({ isPublished: true, changed: 2, wantsMore: false });

    const record = {
      position: { generation: 1, sequence: 1 },
      previous: { generation: 1, sequence: 0 },
      changes: new Map([[policies, ['t1', 't2']]]),
    };
    const { log, cursor, head } = await scene.now();
    expect(log[1]).toEqual(record);
    expect(cursor).toEqual(journal.cursor);
    expect(head).toMatchObject({ position: record.position, begun: 2, done: 2 });
    await until(() => follows.applied.length === 1, { what: 'the record on the bus' });
    expect(follows.applied[0]).toMatchObject(record);
    expect(await scene.redis.mget(t1, t2, t3)).toEqual([null, null, 'kept']);
  });

  test('says that a round is done also when it found nothing, without a record', async () => {
    const one = await scene.working();
    const before = await scene.now();
    expect(await one.round()).toEqual({ isPublished: true, changed: 0, wantsMore: false });
    const after = await scene.now();
    expect(after.log).toEqual(before.log);
    expect(after.head?.begun).toBe((before.head?.begun ?? 0) + 1);
    expect(after.head?.done).toBe(after.head?.begun);
  });

  test('says begun before the journal is read, so that who read the head before knows the round is later', async () => {
    const one = await scene.working();
    const before = await scene.now();
    await one.target.begin();
    const between = await scene.now();
    expect(between.head?.begun).toBe((before.head?.begun ?? 0) + 1);
    expect(between.head?.done).toBe(before.head?.done);
  });

  test('raises the floor of a table that changed as a whole, and counts it as one change', async () => {
    const one = await scene.working();
    journal.commitWhole();
    expect(await one.round()).toMatchObject({ changed: 1 });
    const { head, log } = await scene.now();
    expect(head?.tableFloors).toEqual(new Map([[policies, { generation: 1, sequence: 1 }]]));
    expect(head?.floor).toBe(1);
    expect(log[1]?.changes).toEqual(new Map([[policies, null]]));
  });

  test('leaves the tables of other namespaces to their own head and log', async () => {
    journal.changeWatch(new Map([...policyWatch, ['a.conversations', watched('conversations')]]));
    const one = await scene.working();
    const other = await scene.publisher({ namespace: 'conversations' });
    await other.rounds();
    journal.commit('c1', 'a.conversations');
    await one.round();
    await other.round();
    expect((await scene.now()).log).toHaveLength(1);
    const theirs = await scene.now('conversations');
    expect(theirs.log[1]?.changes).toEqual(new Map([['a.conversations', ['c1']]]));
    expect([...(theirs.watch?.tables.keys() ?? [])]).toEqual(['a.conversations']);
  });
});

describe('of two publishers', () => {
  test('one works, and the other one stands by as long as the head moves', async () => {
    const one = await scene.working();
    const other = await scene.publisher();
    for (let round = 0; round < 3 * patience; round += 1) {
      expect(await one.round()).toMatchObject({ isPublished: true });
      expect(await other.round()).toBe('standby');
    }
    expect(other.target.position).toBeNull();
    expect((await scene.now()).head?.position.generation).toBe(1);
  });

  test('the other one takes over when the head stood still for six periods, and loses nothing (R6, R2)', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    const other = await scene.publisher();
    journal.commit('t1');
    await one.round();
    expect(await other.round()).toBe('standby');
    one.close();
    journal.commit('t2');
    // The first look has seen this head already; patience counts the looks that saw it unchanged.
    expect(await looksUntilTakeover(other)).toBe(patience - 1);
    await other.rounds();

    const { head, log, watch } = await scene.now();
    expect(log.map(({ position, previous }) => [position, previous])).toEqual([
      [{ generation: 1, sequence: 0 }, null],
      [
        { generation: 1, sequence: 1 },
        { generation: 1, sequence: 0 },
      ],
      [
        { generation: 2, sequence: 0 },
        { generation: 1, sequence: 1 },
      ],
      [
        { generation: 2, sequence: 1 },
        { generation: 2, sequence: 0 },
      ],
    ]);
    expect(log[3]?.changes).toEqual(new Map([[policies, ['t2']]]));
    expect(head?.floor).toBe(1);
    expect(watch?.hash).toBe(head?.watchHash);
    await follows.catchUp();
    expect(follows.hasHeard(policies, 't2')).toBe(true);
    expect(follows.resets).toHaveLength(1);
  });

  test('that both claim an empty namespace, one gets it and the other one stands by', async () => {
    const [one, other] = [await scene.publisher(), await scene.publisher()];
    await one.target.begin();
    await other.target.begin();
    const { signal } = new AbortController();
    const read = await journal.read({ since: null, knownWatchHash: null, signal });
    expect(await one.target.publish(read)).toMatchObject({ isPublished: true });
    expect(await other.target.publish(read)).toMatchObject({ isPublished: false });
    expect(other.target.position).toBeNull();
    expect((await scene.now()).log).toHaveLength(1);
  });

  test('a zombie that read the journal before the takeover publishes nothing after it (R1)', async () => {
    const zombie = await scene.working();
    const other = await scene.publisher();
    const begun = await zombie.target.begin();
    expect(begun.kind).toBe('begun');
    const { signal } = new AbortController();
    journal.commit('t1');
    const read = await journal.read({ since: '0', knownWatchHash: journal.watchHash, signal });
    await looksUntilTakeover(other);
    await scene.redis.set(scene.valueKey('t1'), 'of the new generation');
    const before = await scene.now();

    expect(await zombie.target.publish(read)).toEqual({ isPublished: false, changed: 0, wantsMore: false });
    expect(await scene.now()).toEqual(before);
    expect(await scene.redis.get(scene.valueKey('t1'))).toBe('of the new generation');
    expect(await zombie.round()).toBe('standby');
    expect(zombie.target.position).toBeNull();
    await other.round();
    expect((await scene.now()).log.at(-1)?.changes).toEqual(new Map([[policies, ['t1']]]));
  });

  test('a zombie that wakes up before begin does not begin a round in the generation of the other one', async () => {
    const zombie = await scene.working();
    const other = await scene.publisher();
    await looksUntilTakeover(other);
    const before = await scene.now();
    expect(await zombie.round()).toBe('standby');
    expect(await scene.now()).toEqual(before);
    await other.round();
    expect(await zombie.round()).toBe('standby');
  });
});

describe('what ends continuity opens a generation that is linked to nothing, with a floor (R1)', () => {
  const ends: Record<string, () => void> = {
    'the server started anew': () => journal.restart(),
    'the server lost commits': () => journal.lose(1),
    'the journal was pruned past the cursor': () => {
      journal.commit('unread');
      journal.pruneAll();
    },
    'the watch is another one': () => journal.changeWatch(journal.watch),
  };

  test.each(Object.entries(ends))('while a publisher works: %s', async (_name, happen) => {
    journal.commit('t0');
    const one = await scene.working();
    const follows = await scene.follower();
    happen();
    expect(await one.round()).toMatchObject({ isPublished: true, wantsMore: true });
    const { head, cursor, log, watch } = await scene.now();
    expect(head).toMatchObject({
      position: { generation: 2, sequence: 0 },
      floor: 2,
      watchHash: journal.watchHash,
    });
    expect(head?.tableFloors.size).toBe(0);
    expect(cursor).toEqual(journal.cursor);
    expect(log).toEqual([{ position: { generation: 2, sequence: 0 }, previous: null, changes: new Map() }]);
    expect(watch?.hash).toBe(journal.watchHash);
    await until(() => follows.resets.length === 2, { what: 'the reset' });
    expect(await one.round()).toEqual({ isPublished: true, changed: 0, wantsMore: false });
  });

  test.each(Object.entries(ends))('while nobody works: %s', async (_name, happen) => {
    journal.commit('t0');
    const one = await scene.working();
    one.close();
    happen();
    const other = await scene.publisher();
    await looksUntilTakeover(other);
    const { head, log } = await scene.now();
    expect(head).toMatchObject({ position: { generation: 2, sequence: 0 }, floor: 2 });
    expect(log.at(-1)?.previous).toBeNull();
  });

  test('and the watch that instances read is the new one', async () => {
    const one = await scene.working();
    const problem = 'the trigger is disabled: enable it';
    journal.changeWatch(
      new Map([[policies, { namespace: 'main', prefixes: [`${scene.keyPrefix}:new`], problem }]]),
    );
    await one.rounds();
    await scene.redis.set(`${scene.keyPrefix}:new:t1`, 'old');
    journal.commit('t1');
    await one.round();
    expect((await scene.now()).watch?.tables.get(policies)).toMatchObject({ problem });
    expect(await scene.redis.exists(`${scene.keyPrefix}:new:t1`)).toBe(0);
  });
});

describe('a database in recovery', () => {
  test('proves nothing: the round is refused and not done, and the working publisher goes on after it', async () => {
    const one = await scene.working();
    const before = await scene.now();
    journal.isInRecovery = true;
    journal.commit('t1');
    await expect(one.round()).rejects.toMatchObject({ code: 'SOURCE_IN_RECOVERY' });
    await expect(one.round()).rejects.toMatchObject({ code: 'SOURCE_IN_RECOVERY' });
    const during = await scene.now();
    expect(during.head?.done).toBe(before.head?.done);
    expect(during.log).toEqual(before.log);
    expect(during.cursor).toEqual(before.cursor);
    journal.isInRecovery = false;
    expect(await one.round()).toMatchObject({ changed: 1 });
    expect((await scene.now()).head?.position).toEqual({ generation: 1, sequence: 1 });
  });

  test('never carries a claim', async () => {
    journal.isInRecovery = true;
    const one = await scene.publisher();
    await expect(one.round()).rejects.toMatchObject({ code: 'SOURCE_IN_RECOVERY' });
    expect((await scene.now()).headText).toBeNull();
    journal.isInRecovery = false;
    expect(await one.round()).toMatchObject({ isPublished: true });
  });
});

describe('a claim that the journal held up', () => {
  test('is carried out later while the head still is the same', async () => {
    const one = await scene.publisher();
    journal.failure = new Error('away');
    await expect(one.round()).rejects.toThrow('away');
    await expect(one.round()).rejects.toThrow('away');
    journal.failure = undefined;
    expect(await one.round()).toMatchObject({ isPublished: true });
  });

  test('is given up when the head has moved meanwhile', async () => {
    const one = await scene.publisher();
    journal.failure = new Error('away');
    await expect(one.round()).rejects.toThrow('away');
    journal.failure = undefined;
    const other = await scene.working();
    expect(await one.round()).toBe('standby');
    expect(await other.round()).toMatchObject({ isPublished: true });
    expect((await scene.now()).log).toHaveLength(1);
  });
});

describe('the texts on the bus', () => {
  test('are those of the log, link records included', async () => {
    const texts: string[] = [];
    const subscriber = new Redis(server.url);
    subscriber.on('message', (_channel: string, text: string) => texts.push(text));
    await subscriber.subscribe(scene.keys.records);
    const one = await scene.working();
    journal.commit('with "quotes" and : and %');
    journal.commitWhole('a.unwatched');
    await one.round();
    await until(() => texts.length === 2, { what: 'both records' });
    expect(texts.map(parseMessage)).toEqual((await scene.now()).log);
    subscriber.disconnect();
  });
});
