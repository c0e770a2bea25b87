// since: what a listener asks after a gap.
import { type RedisPlace, redisPlaces, startRedisPlace } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { itemTable, Scene } from '../testing/scene.ts';
import type { Position } from '../wire/position.ts';
import { formatWatch } from '../wire/watch.ts';
import { replayLimit, since, type SinceReply } from './since.ts';

describe.each(redisPlaces)('on %s', (kind) => {
  let place: RedisPlace;
  let scene: Scene;

  beforeAll(async () => {
    place = await startRedisPlace(kind);
  });

  beforeEach(async () => {
    scene = await Scene.in(place);
    await scene.open(1);
  });

  afterEach(() => scene.close());

  afterAll(() => place[Symbol.asyncDispose]());

  function ask(
    position: Position | null,
    knownWatchHash: string | null = scene.watch.hash,
  ): Promise<SinceReply | undefined> {
    return since(scene.redis, { keys: scene.keys, position, knownWatchHash });
  }

  function sequences(reply: SinceReply | undefined): number[] | undefined {
    return reply?.records?.map(({ position }) => position.sequence);
  }

  describe('since', () => {
    it('answers with the head and every record after the position, in order (R2)', async () => {
      await scene.publishMany(12);
      const reply = await ask({ generation: 1, sequence: 8 });
      expect(reply?.head).toEqual(scene.head);
      expect(sequences(reply)).toEqual([9, 10, 11, 12]);
      expect(reply?.records?.[0]?.changes).toEqual(new Map([[itemTable, ['other-8']]]));
    });

    it('at the head answers with no record', async () => {
      await scene.publishMany(2);
      expect(sequences(await ask(scene.head.position))).toEqual([]);
    });

    it('ahead of the head, as after a Redis that went back, answers with no record', async () => {
      expect(sequences(await ask({ generation: 1, sequence: 40 }))).toEqual([]);
      expect(sequences(await ask({ generation: 9, sequence: 0 }))).toEqual([]);
    });

    it('shows a gap as it is: a trimmed log begins after the position, and its first record does not follow it (R2)', async () => {
      await scene.publishMany(5);
      await scene.redis.xtrim(scene.keys.log, 'MAXLEN', 2);
      const reply = await ask({ generation: 1, sequence: 1 });
      expect(sequences(reply)).toEqual([4, 5]);
      expect(reply?.records?.[0]?.previous).toEqual({ generation: 1, sequence: 3 });
    });

    it('shows a record that was taken out of the middle as a broken chain (R2)', async () => {
      await scene.publishMany(3);
      await scene.redis.xdel(scene.keys.log, '1-2');
      const reply = await ask({ generation: 1, sequence: 0 });
      expect(
        reply?.records?.map(({ position, previous }) => [previous?.sequence, position.sequence]),
      ).toEqual([
        [0, 1],
        [2, 3],
      ]);
    });

    it('sends no more than can be replayed, so that who is further behind sees no chain to the head', async () => {
      const pipeline = scene.redis.pipeline();
      for (let index = 1; index <= replayLimit + 1; index += 1) {
        pipeline.xadd(scene.keys.log, `1-${index}`, 'p', `1-${index - 1}`, 'c', '{}');
      }
      await pipeline.exec();
      const reply = await ask({ generation: 1, sequence: 0 });
      expect(reply?.records?.length).toBe(replayLimit);
      expect(sequences(reply)?.at(-1)).toBe(replayLimit);
    });

    it('without a position asks for the present only', async () => {
      await scene.publishMany(3);
      const reply = await ask(null);
      expect(reply?.head).toEqual(scene.head);
      expect(reply?.records).toEqual([]);
    });

    it('says that a record cannot be read instead of leaving it out (R2)', async () => {
      await scene.redis.xadd(scene.keys.log, '1-1', 'p', '1-0', 'c', '[]');
      await scene.redis.xadd(scene.keys.log, '1-2', 'p', '1-1', 'c', '{}');
      expect((await ask({ generation: 1, sequence: 0 }))?.records).toBeNull();
    });

    it.each(['', 'nonsense', '1 2 3'])('with the head %j has nothing to say', async (text) => {
      await scene.redis.set(scene.keys.head, text);
      expect(await ask(null)).toBeUndefined();
    });

    it('without a head has nothing to say', async () => {
      await scene.redis.del(scene.keys.head);
      expect(await ask({ generation: 1, sequence: 0 })).toBeUndefined();
    });
  });

  describe('the watch in an answer', () => {
    it('comes to a listener that knows none, or another one', async () => {
      expect((await ask(null, null))?.watch).toEqual(scene.watch);
      expect((await ask(null, 'watch-0'))?.watch).toEqual(scene.watch);
    });

    it('is not sent to who knows it', async () => {
      expect((await ask(null, scene.watch.hash))?.watch).toBeNull();
    });

    it('of another hash than the head names is withheld: the rounds run under that other one (R1)', async () => {
      await scene.redis.set(scene.keys.watch, formatWatch({ ...scene.watch, hash: 'watch-2' }));
      expect((await ask(null, null))?.watch).toBeNull();
    });

    it('that cannot be read, or is missing, is none', async () => {
      await scene.redis.set(scene.keys.watch, '{');
      expect((await ask(null, null))?.watch).toBeNull();
      await scene.redis.del(scene.keys.watch);
      expect((await ask(null, null))?.watch).toBeNull();
    });
  });
});
