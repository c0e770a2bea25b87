// fill: the fence in front of L2. What cannot be proved is refused.
import { type RedisPlace, redisPlaces, startRedisPlace } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { itemTable, Scene } from '../testing/scene.ts';
import type { Changes } from '../wire/changes.ts';
import type { Position } from '../wire/position.ts';
import { parseValue } from '../wire/value.ts';
import { fill } from './fill.ts';

describe.each(redisPlaces)('on %s', (kind) => {
  let place: RedisPlace;
  let scene: Scene;

  beforeAll(async () => {
    place = await startRedisPlace(kind);
  });

  beforeEach(async () => {
    scene = await Scene.in(place);
    await scene.open(3);
  });

  afterEach(() => scene.close());

  afterAll(() => place[Symbol.asyncDispose]());

  interface Attempt {
    readonly key?: string;
    readonly tables?: readonly string[];
    readonly ttlMs?: number;
  }

  function fillAt(
    notedAt: Position,
    { key = 'k', tables = [itemTable], ttlMs = 60_000 }: Attempt = {},
  ): Promise<boolean> {
    return fill(scene.redis, {
      keys: scene.keys,
      valueKey: scene.valueKey(key),
      encodedKey: key,
      tables,
      value: { notedAt, payload: '{"a":1}' },
      ttlMs,
    });
  }

  function stored(key = 'k'): Promise<string | null> {
    return scene.redis.get(scene.valueKey(key));
  }

  describe('a fill', () => {
    it('at the head is stored, under its key, with its position and a TTL', async () => {
      expect(await fillAt(scene.head.position, { ttlMs: 1_234.5 })).toBe(true);
      expect(parseValue(scene.valueKey('k'), (await stored()) ?? '')).toEqual({
        notedAt: { generation: 3, sequence: 0 },
        payload: '{"a":1}',
      });
      const ttlMs = await scene.redis.pttl(scene.valueKey('k'));
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(1_235);
    });

    it('is stored behind up to 64 records of other keys, and refused behind 65 (R2)', async () => {
      const noted = scene.head.position;
      for (let behind = 0; behind <= 64; behind += 1) {
        expect(await fillAt(noted, { key: `k${behind}` }), `${behind} records behind`).toBe(true);
        await scene.publishMany(1);
      }
      expect(await fillAt(noted, { key: 'late' })).toBe(false);
      expect(await stored('late')).toBeNull();
    });

    it.each<[string, Changes]>([
      ['names the key', new Map([[itemTable, ['k']]])],
      [
        'names the key among others',
        new Map([
          ['public.x', ['y']],
          [itemTable, ['a', 'k', 'z']],
        ]),
      ],
      ['names the key under another table', new Map([['public.other', ['k']]])],
      ['names the whole table', new Map([[itemTable, null]])],
      [
        'names the whole table among others',
        new Map<string, string[] | null>([
          ['public.x', ['y']],
          [itemTable, null],
        ]),
      ],
    ])('is refused when a record since %s (R2)', async (_what, changes) => {
      const noted = scene.head.position;
      await scene.publishMany(1);
      await scene.publish(changes);
      await scene.publishMany(1);
      expect(await fillAt(noted)).toBe(false);
      expect(await stored()).toBeNull();
    });

    it('is refused when the whole of any of its tables changed (R2)', async () => {
      const noted = scene.head.position;
      await scene.publish(new Map([['public.second', null]]));
      expect(await fillAt(noted, { tables: [itemTable, 'public.second'] })).toBe(false);
      expect(await fillAt(noted, { tables: [itemTable] })).toBe(true);
    });

    it('is stored when the key was named at its own position, but not after it', async () => {
      await scene.publish(new Map([[itemTable, ['k']]]));
      expect(await fillAt(scene.head.position)).toBe(true);
    });

    it.each([
      'with "quotes"',
      String.raw`back\slash`,
      'ünï😀',
      '__proto__',
      'new\nline',
      'x'.repeat(10_000),
      '%',
      '[a-z]+',
    ])(
      'of the awkward key %j is refused when a record names it, and stored when it does not (R2)',
      async (key) => {
        const noted = scene.head.position;
        await scene.publishMany(1);
        expect(await fillAt(noted, { key })).toBe(true);
        await scene.redis.del(scene.valueKey(key));
        await scene.publish(new Map([[itemTable, [key]]]));
        expect(await fillAt(noted, { key })).toBe(false);
        expect(await stored(key)).toBeNull();
      },
    );

    it('is refused when the log between its position and the head was trimmed (R2)', async () => {
      const noted = scene.head.position;
      await scene.publishMany(4);
      await scene.redis.xtrim(scene.keys.log, 'MAXLEN', 3);
      expect(await fillAt(noted)).toBe(false);
      expect(await fillAt({ ...noted, sequence: 1 })).toBe(true);
    });

    it('is refused when a record is missing in the middle of the log (R2)', async () => {
      const noted = scene.head.position;
      await scene.publishMany(3);
      await scene.redis.xdel(scene.keys.log, '3-2');
      expect(await fillAt(noted)).toBe(false);
    });

    it('is refused when the log is gone but the head is not (R2)', async () => {
      const noted = scene.head.position;
      await scene.publishMany(1);
      await scene.redis.del(scene.keys.log);
      expect(await fillAt(noted)).toBe(false);
    });

    it('of an older generation is refused, also when the new one is linked to its position (R2)', async () => {
      const noted = scene.head.position;
      await scene.open(4, noted);
      expect(await fillAt(noted)).toBe(false);
    });

    it('of a later generation than the head is refused: Redis went back (R1)', async () => {
      expect(await fillAt({ generation: 4, sequence: 0 })).toBe(false);
      expect(await fillAt({ generation: 33, sequence: 0 })).toBe(false);
    });

    it('ahead of the head is refused: Redis went back (R1)', async () => {
      expect(await fillAt({ generation: 3, sequence: 1 })).toBe(false);
    });

    it.each([undefined, '', 'nonsense', '3', '3 x 0 0 0 w {}'])(
      'with the head %j is refused (R1)',
      async (head) => {
        const noted = scene.head.position;
        await scene.redis.del(scene.keys.head);
        if (head !== undefined) await scene.redis.set(scene.keys.head, head);
        expect(await fillAt(noted)).toBe(false);
        expect(await stored()).toBeNull();
      },
    );

    it('is refused while the head or the log is a key of another type, and does not fail (R4)', async () => {
      const noted = scene.head.position;
      await scene.publishMany(1);
      await scene.redis.del(scene.keys.log);
      await scene.redis.set(scene.keys.log, 'overwritten');
      expect(await fillAt(noted)).toBe(false);
      await scene.redis.del(scene.keys.head);
      await scene.redis.lpush(scene.keys.head, 'overwritten');
      expect(await fillAt(noted)).toBe(false);
    });

    it('says whose value it is, where the Redis key alone does not', async () => {
      const { keys, redis } = scene;
      const value = { notedAt: scene.head.position, payload: '1' };
      const names = { keys, valueKey: scene.valueKey('b:c'), owner: 'a b:c', encodedKey: 'b:c' };
      await fill(redis, { ...names, tables: [itemTable], value, ttlMs: 1_000 });
      const text = (await stored('b:c')) ?? '';
      expect(parseValue('a b:c', text)).toEqual(value);
      expect(parseValue(scene.valueKey('b:c'), text)).toBeUndefined();
    });

    it('replaces the value that was there', async () => {
      await scene.redis.set(scene.valueKey('k'), 'old');
      expect(await fillAt(scene.head.position)).toBe(true);
      expect(await stored()).not.toBe('old');
    });

    it('that is refused leaves the value that was there', async () => {
      await scene.redis.set(scene.valueKey('k'), 'newer');
      expect(await fillAt({ generation: 2, sequence: 0 })).toBe(false);
      expect(await stored()).toBe('newer');
    });
  });
});
