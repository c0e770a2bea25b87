// begin, publish and takeover: the three scripts that write the head, each by compare-and-set.
import { type RedisPlace, redisPlaces, startRedisPlace, until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { headAt, itemTable, Scene } from '../testing/scene.ts';
import { formatHead } from '../wire/head.ts';
import { formatMessage } from '../wire/record.ts';
import { begin } from './begin.ts';
import { logLength, publish } from './publish.ts';
import { since } from './since.ts';
import { takeover } from './takeover.ts';

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

  describe('begin', () => {
    it('counts the round in the head, and says so', async () => {
      const next = formatHead({ ...scene.head, begun: 1 });
      const call = { headKey: scene.keys.head, expected: scene.headText, next };
      expect(await begin(scene.redis, call)).toBe(next);
      expect(await scene.redis.get(scene.keys.head)).toBe(next);
    });

    it('on another head writes nothing and says what it found: one of two sidecars works (R1)', async () => {
      const before = await scene.everything();
      const call = {
        headKey: scene.keys.head,
        expected: formatHead(headAt({ generation: 9, sequence: 9 })),
        next: 'x',
      };
      expect(await begin(scene.redis, call)).toBe(scene.headText);
      expect(await scene.everything()).toEqual(before);
    });

    it('without a head writes none: an emptied Redis is not taken for its old self (R1)', async () => {
      const expected = scene.headText;
      await scene.redis.del(scene.keys.head);
      expect(await begin(scene.redis, { headKey: scene.keys.head, expected, next: 'x' })).toBeNull();
      expect(await scene.redis.exists(scene.keys.head)).toBe(0);
    });

    it('works on a server that has just forgotten the script', async () => {
      await scene.redis.script('FLUSH');
      const call = { headKey: scene.keys.head, expected: scene.headText, next: scene.headText };
      expect(await begin(scene.redis, call)).toBe(scene.headText);
    });
  });

  describe('publish', () => {
    it('moves head and cursor, appends the record, removes its values and tells everybody, all at once', async () => {
      const listener = await scene.listen();
      await scene.redis.mset(scene.valueKey('a'), '1', scene.valueKey('b'), '1');
      const record = scene.record(new Map([[itemTable, ['a']]]));

      expect(await scene.publish(record.changes, [scene.valueKey('a')])).toBe(true);

      expect(await scene.redis.get(scene.keys.head)).toBe(scene.headText);
      expect(await scene.redis.get(scene.keys.cursor)).toBe('cursor 1');
      expect(await scene.redis.mget(scene.valueKey('a'), scene.valueKey('b'))).toEqual([null, '1']);
      expect(await scene.redis.xrange(scene.keys.log, '1-1', '+')).toEqual([
        ['1-1', ['p', '1-0', 'c', '{"public.item":["a"]}']],
      ]);
      await until(() => listener.messages.length > 0, { what: 'the record' });
      expect(listener.messages).toEqual([formatMessage(record)]);
      listener.close();
    });

    it('on another head changes nothing at all, neither value nor log nor cursor (R1)', async () => {
      await scene.redis.set(scene.valueKey('a'), '1');
      const before = await scene.everything();
      const isDone = await publish(scene.redis, {
        keys: scene.keys,
        expectedHead: formatHead({ ...scene.head, begun: 5 }),
        nextHead: 'x',
        cursor: 'x',
        record: scene.record(new Map([[itemTable, ['a']]])),
        valueKeys: [scene.valueKey('a')],
      });
      expect(isDone).toBe(false);
      expect(await scene.everything()).toEqual(before);
      expect(await scene.redis.get(scene.valueKey('a'))).toBe('1');
    });

    it.each<[string, (scene: Scene) => Promise<unknown>]>([
      ['is ahead of its head', ({ redis, keys }) => redis.xadd(keys.log, '1-9', 'p', '1-8', 'c', '{}')],
      ['is a key of another type', ({ redis, keys }) => redis.set(keys.log, 'overwritten')],
    ])('fails and changes nothing at all when the log %s (R2)', async (_what, spoil) => {
      const listener = await scene.listen();
      await scene.redis.set(scene.valueKey('a'), '1');
      await spoil(scene);
      const before = await scene.everything();

      await expect(scene.publish(new Map([[itemTable, ['a']]]), [scene.valueKey('a')])).rejects.toThrow();

      expect(await scene.everything()).toEqual(before);
      expect(await scene.redis.get(scene.valueKey('a'))).toBe('1');
      await scene.say('end');
      await until(() => listener.messages.length > 0, { what: 'the end' });
      expect(listener.messages).toEqual(['end']);
      listener.close();
    });

    it('without a head changes nothing at all (R1)', async () => {
      const log = await scene.redis.xlen(scene.keys.log);
      await scene.redis.del(scene.keys.head);
      expect(await scene.publish(new Map([[itemTable, ['a']]]))).toBe(false);
      expect(await scene.redis.exists(scene.keys.head)).toBe(0);
      expect(await scene.redis.xlen(scene.keys.log)).toBe(log);
    });

    it('without changes moves head and cursor only', async () => {
      const listener = await scene.listen();
      const next = formatHead({ ...scene.head, begun: 1, done: 1 });
      const call = {
        expectedHead: scene.headText,
        nextHead: next,
        cursor: 'later',
        record: null,
        valueKeys: [],
      };
      expect(await publish(scene.redis, { keys: scene.keys, ...call })).toBe(true);
      expect(await scene.redis.mget(scene.keys.head, scene.keys.cursor)).toEqual([next, 'later']);
      expect(await scene.redis.xlen(scene.keys.log)).toBe(1);
      await scene.say('end');
      await until(() => listener.messages.length > 0, { what: 'the end' });
      expect(listener.messages).toEqual(['end']);
      listener.close();
    });

    it('removes 1,500 values at once (R2)', async () => {
      const keys = Array.from({ length: 1_500 }, (_, index) => scene.valueKey(`k${index}`));
      await scene.redis.mset(...keys.flatMap((key) => [key, '1']), scene.valueKey('kept'), '1');
      expect(await scene.publish(new Map([[itemTable, null]]), keys)).toBe(true);
      expect(await scene.redis.exists(...keys)).toBe(0);
      expect(await scene.redis.exists(scene.valueKey('kept'))).toBe(1);
    });

    it('keeps the log at its length, and drops the oldest', async () => {
      const fillers = Array.from({ length: logLength }, (_, index) => index + 1);
      for (let first = 0; first < fillers.length; first += 1_000) {
        const pipeline = scene.redis.pipeline();
        for (const index of fillers.slice(first, first + 1_000)) {
          pipeline.xadd(scene.keys.log, `1-${index}`, 'p', `1-${index - 1}`, 'c', '{}');
        }
        await pipeline.exec();
      }
      const head = headAt({ generation: 1, sequence: logLength });
      await scene.redis.set(scene.keys.head, formatHead(head));
      const record = {
        position: { generation: 1, sequence: logLength + 1 },
        previous: head.position,
        changes: new Map([[itemTable, ['a']]]),
      };
      const call = { expectedHead: formatHead(head), nextHead: 'x', cursor: 'x', record, valueKeys: [] };
      expect(await publish(scene.redis, { keys: scene.keys, ...call })).toBe(true);
      expect(await scene.redis.xlen(scene.keys.log)).toBe(logLength);
      const [oldest] = await scene.redis.xrange(scene.keys.log, '-', '+', 'COUNT', 1);
      expect(oldest?.[0]).toBe('1-2');
    });

    it('onto a log that is further than the head fails, and nobody can mistake the result for a whole (R1)', async () => {
      await scene.redis.xadd(scene.keys.log, '1-5', 'p', '1-4', 'c', '{}');
      const before = scene.head.position;
      await expect(scene.publish(new Map([[itemTable, ['a']]]))).rejects.toThrow('XADD');
      const reply = await since(scene.redis, { keys: scene.keys, position: before, knownWatchHash: null });
      // The head may have moved, but no unbroken chain of records leads to it.
      expect(reply?.records?.map(({ previous }) => previous)).toEqual([{ generation: 1, sequence: 4 }]);
    });
  });

  describe('takeover', () => {
    const link = { position: { generation: 2, sequence: 0 }, previous: null, changes: new Map() };
    const writes = { nextHead: formatHead(headAt(link.position)), cursor: 'cursor 2', watch: 'watch', link };

    it('opens a generation: head, cursor, watch, and a link that everybody hears', async () => {
      const listener = await scene.listen();
      const { keys } = scene;
      const linked = { ...link, previous: scene.head.position };
      const call = { ...writes, link: linked, expectedHead: scene.headText };
      expect(await takeover(scene.redis, { keys, ...call })).toBe(true);
      expect(await scene.redis.mget(keys.head, keys.cursor, keys.watch)).toEqual([
        writes.nextHead,
        'cursor 2',
        'watch',
      ]);
      await until(() => listener.messages.length > 0, { what: 'the link' });
      expect(listener.messages).toEqual([formatMessage(linked)]);
      listener.close();
    });

    it.each([
      ['another head than the expected one', 'x'],
      ['a head where none was expected', null],
    ])('finds %s and changes nothing: of two that try, one succeeds (R1)', async (_what, expectedHead) => {
      const before = await scene.everything();
      expect(await takeover(scene.redis, { keys: scene.keys, ...writes, expectedHead })).toBe(false);
      expect(await scene.everything()).toEqual(before);
    });

    it('without a head where one was expected changes nothing (R1)', async () => {
      const expectedHead = scene.headText;
      await scene.redis.del(scene.keys.head);
      expect(await takeover(scene.redis, { keys: scene.keys, ...writes, expectedHead })).toBe(false);
      expect(await scene.redis.exists(scene.keys.head)).toBe(0);
    });

    it('that links to the position before keeps the log, so that listeners can go on (R6)', async () => {
      await scene.publish(new Map([[itemTable, ['a']]]));
      await scene.open(2, scene.head.position);
      const reply = await since(scene.redis, {
        keys: scene.keys,
        position: { generation: 1, sequence: 0 },
        knownWatchHash: null,
      });
      expect(reply?.records).toEqual([
        {
          position: { generation: 1, sequence: 1 },
          previous: { generation: 1, sequence: 0 },
          changes: new Map([[itemTable, ['a']]]),
        },
        { ...link, previous: { generation: 1, sequence: 1 } },
      ]);
    });

    it('that links to nothing deletes the log: no record of before can be chained to (R1)', async () => {
      await scene.publishMany(3);
      await scene.open(2);
      expect(await scene.redis.xrange(scene.keys.log, '-', '+')).toEqual([['2-0', ['p', '', 'c', '{}']]]);
    });

    it('over a lost head with a log of later positions starts the log anew instead of failing for ever (R6)', async () => {
      await scene.publishMany(3);
      await scene.redis.xadd(scene.keys.log, '7-0', 'p', '', 'c', '{}');
      await scene.redis.del(scene.keys.head);
      expect(await scene.open(2, { generation: 1, sequence: 3 })).toBe(true);
      expect(await scene.redis.xrange(scene.keys.log, '-', '+')).toEqual([['2-0', ['p', '1-3', 'c', '{}']]]);
      expect(await scene.publish(new Map([[itemTable, ['a']]]))).toBe(true);
    });

    it('replaces a log that is no stream', async () => {
      await scene.redis.set(scene.keys.log, 'overwritten');
      expect(await scene.open(2, { generation: 1, sequence: 0 })).toBe(true);
      expect(await scene.redis.xlen(scene.keys.log)).toBe(1);
    });
  });
});
