// What glances publish, and what they leave to rounds: one namespace, a real Redis, a journal in memory.
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Publisher } from '../testing/publisher.ts';
import { looksUntilTakeover, RedisScene } from '../testing/redis-scene.ts';
import { policies, policyWatch, type ScriptedJournal } from '../testing/scripted-journal.ts';

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

describe('a glance that found changes', () => {
  test('is a record in the log and on the bus, and L2 without the old values (R2)', async () => {
    const one = await scene.working();
    const follows = await scene.follower();
    const [t1, t2] = ['t1', 't2'].map((key) => scene.valueKey(key)) as [string, string];
    await scene.redis.mset(t1, 'old', t2, 'kept');
    journal.commit('t1');
    expect(await one.glance()).toEqual({ isPublished: true, changed: 1, wantsMore: false });

    const record = {
      position: { generation: 1, sequence: 1 },
      previous: { generation: 1, sequence: 0 },
      changes: new Map([[policies, ['t1']]]),
    };
    expect((await scene.now()).log[1]).toEqual(record);
    await until(() => follows.applied.length === 1, { what: 'the record on the bus' });
    expect(follows.applied[0]).toMatchObject(record);
    expect(await scene.redis.mget(t1, t2)).toEqual([null, 'kept']);
  });

  test('moves position and cursor, and no round is begun or done by it (R1)', async () => {
    const one = await scene.working();
    const before = (await scene.now()).head;
    journal.commit('t1');
    await one.glance();
    const { head, cursor } = await scene.now();
    expect(head).toEqual({ ...before, position: { generation: 1, sequence: 1 } });
    expect(cursor).toEqual(journal.cursor);
  });

  test('is not told again by the round after it, which proves it', async () => {
    const one = await scene.working();
    journal.commit('t1');
    await one.glance();
    expect(await one.round()).toEqual({ isPublished: true, changed: 0, wantsMore: false });
    const { head, log } = await scene.now();
    expect(log).toHaveLength(2);
    expect(head).toMatchObject({ position: { generation: 1, sequence: 1 }, begun: 2, done: 2 });
  });

  test('is where another publisher goes on from', async () => {
    const [one, two] = [await scene.working(), await scene.publisher()];
    journal.commit('t1');
    await one.glance();
    journal.commit('t2');
    await looksUntilTakeover(two);
    await two.round();
    expect((await scene.now()).log.slice(1).map(({ changes }) => changes.get(policies))).toEqual([
      ['t1'],
      undefined,
      ['t2'],
    ]);
  });
});

test('a glance that found nothing writes nothing', async () => {
  const one = await scene.working();
  const before = await scene.now();
  expect(await one.glance()).toEqual({ isPublished: false, changed: 0, wantsMore: false });
  expect(await scene.now()).toEqual(before);
});

describe('only a round will do', () => {
  test.each<[string, (journal: ScriptedJournal) => void]>([
    ['when the server is another one', (journal) => journal.restart()],
    ['when it lost commits', (journal) => journal.lose(1)],
    ['when changes were pruned unread', (journal) => (journal.commit('t2'), journal.pruneAll())],
    ['on a standby', (journal) => ((journal.isInRecovery = true), journal.commit('t2'))],
  ])('%s: the glance publishes nothing', async (_when, happen) => {
    const one = await scene.working();
    journal.commit('t1');
    await one.round();
    const before = await scene.now();
    happen(journal);
    expect(await one.glance()).toBeNull();
    expect(await scene.now()).toEqual(before);
  });

  test('before the first one, and after another publisher took over: the compare-and-set decides (R2)', async () => {
    const [one, two] = [await scene.working(), await scene.publisher()];
    expect(await two.glance()).toBeNull();
    await looksUntilTakeover(two);
    journal.commit('t1');
    const before = await scene.now();
    expect(await one.glance()).toBeNull();
    expect(await scene.now()).toEqual(before);
    expect(await two.glance()).toMatchObject({ changed: 1 });
  });

  test('on another connection, which may lead to a Redis that lost writes (R2)', async () => {
    const one = await scene.working();
    await reconnected(one);
    journal.commit('t1');
    expect(await one.glance()).toBeNull();
    expect((await scene.now()).log).toHaveLength(1);
  });
});

test('what glances told under a watch that had changed is revoked by the next round: all start anew (R1)', async () => {
  const one = await scene.working();
  journal.commit('t1');
  journal.changeWatch(policyWatch);
  journal.commit('t2');
  expect(await one.glance()).toMatchObject({ changed: 1 });
  await one.rounds();
  const { head, log } = await scene.now();
  expect(log.at(-1)).toMatchObject({ previous: null });
  expect(head).toMatchObject({ position: { generation: 2 }, floor: 2 });
});

async function reconnected({ redis }: Publisher): Promise<void> {
  const { epoch } = redis;
  redis.commands.disconnect(true);
  await until(() => redis.epoch > epoch && redis.commands.status === 'ready', {
    what: 'the next connection',
  });
}
