// L2 between a reader and the source: when a value is accepted, when it is passed over, what it costs.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type RedisPlace, redisPlaces, startRedisPlace, until } from '@tidemark/devstack';
import type { Head, Position } from '@tidemark/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OvertakenEvent } from '../events.ts';
import { L2Scene, type L2Instance } from '../testing/l2-scene.ts';
import { itemTable } from '../testing/region-scene.ts';

describe.each(redisPlaces)('on %s', (kind) => {
  let place: RedisPlace;
  let scene: L2Scene;

  beforeAll(async () => {
    place = await startRedisPlace(kind);
  });

  beforeEach(async () => {
    scene = await L2Scene.in(place);
    await scene.setHead();
  });

  afterEach(() => scene.close());

  afterAll(() => place[Symbol.asyncDispose]());

  function at(generation: number, sequence: number): Position {
    return { generation, sequence };
  }

  describe('a value in L2', () => {
    it('is served to an instance that never loaded it, and kept in its L1 (R5)', async () => {
      await scene.store('k', 'shared');
      const instance = await scene.instance();
      expect(await instance.region.get('k')).toBe('shared');
      expect(instance.region.peek('k')).toBe('shared');
      expect(instance.loads).toEqual([]);
      expect(instance.region.status()).toMatchObject({ l2Hits: 1, l2Refused: 0, loads: 0 });
    });

    it('may be "known absent"', async () => {
      const first = await scene.instance({ load: async () => null });
      await first.region.get('k');
      await until(() => scene.isStored('k'));
      const instance = await scene.instance();
      expect(await instance.region.get('k')).toBeNull();
      expect(instance.loads).toEqual([]);
    });

    it('lives on without a lease for the bound from the tidemark it was accepted under, not from its reading (R1)', async () => {
      await scene.store('k', 'shared');
      const instance = await scene.instance();
      await instance.clock.advance(1_500);
      expect(await instance.region.get('k')).toBe('shared');
      await instance.clock.advance(499);
      expect(instance.region.peek('k')).toBe('shared');
      await instance.clock.advance(1);
      expect(instance.region.peek('k')).toBeUndefined();
    });

    it('is accepted under a head that is ahead of this instance: it is newer than it need be', async () => {
      await scene.store('k', 'shared');
      const instance = await scene.instance();
      instance.namespace.position = at(3, 4);
      expect(await instance.region.get('k')).toBe('shared');
    });
  });

  describe('a value in L2 is not served', () => {
    async function refused(instance: L2Instance): Promise<void> {
      expect(await instance.region.get('k')).toBe('from the source');
      expect(instance.loads).toEqual(['k']);
      expect(instance.region.status().l2Hits).toBe(0);
    }

    it.each<[string, Partial<Head>]>([
      ['its generation is below the floor', { floor: 4 }],
      ['its table changed as a whole since', { tableFloors: new Map([[itemTable, at(3, 6)]]) }],
      ['it was noted after the head: Redis went back', { position: at(3, 4) }],
    ])('when %s, and that is counted (R1, R2)', async (_what, change) => {
      await scene.store('k', 'overtaken');
      await scene.setHead(change);
      const instance = await scene.instance();
      await refused(instance);
      expect(instance.region.status().l2Refused).toBe(1);
    });

    it.each<[string, Position | null]>([
      ['the head is behind this instance: Redis went back', at(3, 6)],
      ['the head is of an older generation', at(4, 0)],
      ['the head is of a later generation', at(2, 5)],
      ['this instance is lost', null],
    ])('when %s (R1)', async (_what, position) => {
      await scene.store('k', 'unproved');
      const instance = await scene.instance();
      instance.namespace.position = position;
      await refused(instance);
    });

    it('when there is no head (R1)', async () => {
      await scene.store('k', 'unproved');
      await scene.deleteHead();
      await refused(await scene.instance());
    });

    it('when there is no lease: L2 is not even asked (R1)', async () => {
      await scene.store('k', 'unproved');
      const instance = await scene.instance();
      await instance.clock.advance(2_000);
      await refused(instance);
      expect(instance.commands).not.toContain('mget');
    });

    it('when the lease ended while the answer was on its way (R1)', async () => {
      await scene.store('k', 'late');
      const instance = await scene.instance();
      const reading = instance.region.get('k');
      await instance.clock.stopAndContinue(2_000);
      expect(await reading).toBe('from the source');
    });

    it.each<[string, (instance: L2Instance) => void]>([
      ['a record named the key', (instance) => instance.change('k')],
      ['everything was reset', (instance) => instance.namespace.reset()],
      ['a hint named the key', (instance) => instance.namespace.heed(instance.region.prefix, ['k'])],
    ])('when %s while the answer was on its way (R2)', async (_what, overtake) => {
      await scene.store('k', 'overtaken');
      const instance = await scene.instance();
      const reading = instance.region.get('k');
      overtake(instance);
      expect(await reading).toBe('from the source');
      expect(instance.region.peek('k')).toBeUndefined();
    });

    it('when the reader wants it fresh (R3)', async () => {
      await scene.store('k', 'shared');
      const instance = await scene.instance();
      expect(await instance.region.get('k', { fresh: true })).toBe('from the source');
    });
  });

  describe('a loaded value is not stored in L2 (#44)', () => {
    async function load(instance: L2Instance, meanwhile: () => void | Promise<void>): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      instance.gate = promise;
      const reading = instance.region.get('k');
      await until(() => instance.loads.length === 1);
      await meanwhile();
      resolve();
      await reading;
      // A fill that was sent is answered before this: the connection keeps the order.
      await instance.redis.commands.ping();
      expect(await scene.isStored('k')).toBe(false);
    }

    it('when a record named the key while it was loaded (R2)', async () => {
      const instance = await scene.instance();
      await load(instance, () => instance.change('k'));
      expect(instance.commands).not.toContain('evalsha');
    });

    it('when this instance was lost at its start: nothing says what it holds (R1)', async () => {
      const instance = await scene.instance();
      instance.namespace.position = null;
      await load(instance, () => {
        instance.namespace.position = at(3, 5);
      });
      expect(instance.commands).not.toContain('evalsha');
    });

    it('when the log since its start is not complete, although nothing has told this instance yet (R2)', async () => {
      const instance = await scene.instance();
      await load(instance, () => scene.setHead({ position: at(3, 6) }));
      expect(instance.commands).toContain('evalsha');
    });

    it('when the generation changed meanwhile (R1)', async () => {
      const instance = await scene.instance();
      await load(instance, () => scene.setHead({ position: at(4, 0) }));
      expect(instance.commands).toContain('evalsha');
      await until(() => instance.region.status().l2Fenced === 1);
      expect(instance.region.status().l2Fills).toBe(0);
    });
  });

  describe('an own write', () => {
    it('removes the value in L2, and passes L2 over until a round has proved the write (R3)', async () => {
      await scene.store('k', 'old');
      const instance = await scene.instance();
      await instance.clock.advance(1);
      await instance.region.write('k', async () => {});
      expect(await scene.isStored('k')).toBe(false);
      // Another instance, which had loaded before the write, stores the old value after it.
      await scene.store('k', 'old');
      expect(await instance.region.get('k')).toBe('from the source');

      await instance.clock.advance(1);
      instance.change('k');
      instance.prove();
      await scene.store('k', 'new');
      expect(await instance.region.get('k')).toBe('new');
    });

    it('holds no other key back from L2', async () => {
      await scene.store('other', 'shared');
      const instance = await scene.instance();
      await instance.clock.advance(1);
      await instance.region.write('k', async () => {});
      expect(await instance.region.getMany(['other', 'k'])).toEqual(['shared', 'from the source']);
    });

    it('of everything passes L2 over for every key (R3)', async () => {
      await scene.store('k', 'old');
      const instance = await scene.instance();
      await instance.clock.advance(1);
      await instance.region.invalidateAll();
      expect(await instance.region.get('k')).toBe('from the source');
    });

    it('is dropped by the others at once, but not a second time by the one that wrote', async () => {
      const [writer, other] = [await scene.instance(), await scene.instance()];
      const hinted: unknown[] = [];
      const note = (event: unknown): void => {
        const { keys, cause } = event as OvertakenEvent;
        if (cause === 'hint') hinted.push(keys);
      };
      // Both subscriptions are there once a hint of each arrived at the other.
      for (const [from, to] of [
        [writer, other],
        [other, writer],
      ] as const) {
        await to.region.get('probe');
        await until(async () => {
          await from.region.write('probe', async () => {});
          return to.region.peek('probe') === undefined;
        });
      }
      subscribe('tidemark:overtaken', note);
      try {
        await other.region.getMany(['k', 'end']);
        await writer.region.write('k', async () => {});
        await until(() => other.region.peek('k') === undefined);
        // The channel keeps the order: once this hint is heard, the one before it was, too.
        await writer.region.get('end');
        await other.region.write('end', async () => {});
        await until(() => writer.region.peek('end') === undefined);
      } finally {
        unsubscribe('tidemark:overtaken', note);
      }
      expect(hinted.filter((keys) => String(keys) !== 'probe')).toEqual([['k'], ['end']]);
    });
  });

  describe('the cost of a read in commands', () => {
    it('is none for a hit in L1', async () => {
      const instance = await scene.instance();
      await instance.region.get('k');
      instance.commands.length = 0;
      for (let read = 0; read < 100; read += 1) await instance.region.get('k');
      instance.region.peek('k');
      await instance.region.getMany(['k', 'k']);
      expect(instance.commands).toEqual([]);
      expect(instance.loads).toEqual(['k']);
    });

    it('is one MGET for a cold key that L2 has, for 50 readers together (R5)', async () => {
      await scene.store('k', 'shared');
      const instance = await scene.instance();
      await Promise.all(Array.from({ length: 50 }, () => instance.region.get('k')));
      expect(instance.commands).toEqual(['mget']);
    });

    it('is one MGET for many keys, and one fill for each that was loaded', async () => {
      for (const key of ['a', 'b', 'c']) await scene.store(key, 'shared');
      const instance = await scene.instance();
      expect(await instance.region.getMany(['a', 'b', 'c', 'd'])).toEqual([
        'shared',
        'shared',
        'shared',
        'from the source',
      ]);
      expect(instance.commands.filter((name) => name === 'mget')).toEqual(['mget']);
      expect(instance.loads).toEqual(['d']);
      await until(() => instance.region.status().l2Fills === 1);
      expect(instance.commands.filter((name) => name === 'evalsha')).toEqual(['evalsha']);
      expect(instance.region.status().l2Fenced).toBe(0);
    });

    it('is one MGET for each 500 keys, so that no other reader waits for thousands of them (R4)', async () => {
      const keys = Array.from({ length: 1_100 }, (_, at) => `k${at}`);
      for (const key of ['k0', 'k600', 'k1099']) await scene.store(key, 'shared');
      const instance = await scene.instance();
      const [values, other] = await Promise.all([
        instance.region.getMany(keys),
        instance.region.get('other'),
      ]);
      expect(other).toBe('from the source');
      expect(values).toHaveLength(1_100);
      expect(keys.filter((_, at) => values[at] === 'shared')).toEqual(['k0', 'k600', 'k1099']);
      expect(instance.commands.filter((name) => name === 'mget')).toHaveLength(3);
    });
  });
});
