// A herd on a real Redis, step by step: instances that have just applied a change of the whole table, and no value in L2.
import { type RedisPlace, redisPlaces, startRedisPlace, until } from '@tidemark/devstack';
import { settle } from '@tidemark/devstack/fakes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type L2Instance, L2Scene } from '../testing/l2-scene.ts';
import { itemTable } from '../testing/region-scene.ts';

describe.each(redisPlaces)('on %s', (kind) => {
  let place: RedisPlace;
  let scene: L2Scene;
  let holder: L2Instance;
  let other: L2Instance;

  beforeAll(async () => {
    place = await startRedisPlace(kind);
  });

  beforeEach(async () => {
    scene = await L2Scene.in(place);
    await scene.setHead();
    [holder, other] = [await scene.instance(), await scene.instance()];
    for (const instance of [holder, other]) overtakeAll(instance);
  });

  afterEach(() => scene.close());

  afterAll(() => place[Symbol.asyncDispose]());

  function overtakeAll(instance: L2Instance): void {
    instance.namespace.apply(new Map([[itemTable, null]]));
  }

  /** Time passes for one instance, and what it asked Redis before and after is answered. */
  async function pass(instance: L2Instance, ms: number): Promise<void> {
    await answers(instance);
    await instance.clock.advance(ms);
    await answers(instance);
  }

  /** Replies come in order: what was asked before has been answered, and what followed from it, too. */
  async function answers(instance: L2Instance): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      await instance.redis.commands.ping();
      await settle();
    }
  }

  function sent(instance: L2Instance): string[] {
    return instance.commands.filter((name) => name !== 'ping');
  }

  /** The holder loads a key and does not get done before its gate opens. */
  async function startLoad(key = 'k'): Promise<() => Promise<void>> {
    const { promise, resolve } = Promise.withResolvers<void>();
    holder.gate = promise;
    const reading = holder.region.get(key);
    await until(() => holder.loads.includes(key));
    return async () => {
      resolve();
      await reading;
      await until(() => scene.isStored(key));
    };
  }

  describe('after a change of the whole table', () => {
    it('one instance loads a key, and the other waits for its value in L2 (R5)', async () => {
      const land = await startLoad();
      const waiting = other.region.get('k');
      await pass(other, 5);
      await land();
      await pass(other, 10);
      expect(await waiting).toBe('from the source');
      expect([holder.loads, other.loads]).toEqual([['k'], []]);
      expect(sent(other)).toEqual(['mget', 'set', 'mget', 'mget']);
    });

    it('the other loads by itself when the first one does not get done: nobody waits for the dead (R4)', async () => {
      await startLoad();
      const waiting = other.region.get('k');
      for (const ms of [5, 10, 20, 40, 79]) await pass(other, ms);
      expect(other.loads).toEqual([]);
      await pass(other, 1);
      expect(await waiting).toBe('from the source');
      expect(other.loads).toEqual(['k']);
    });

    it('a slow Redis does not stretch the wait: no look begins when its time is over (R4)', async () => {
      await startLoad();
      other.redisDelayMs = 45;
      const waiting = other.region.get('k');
      // Of 155 ms, ticket and looks take 45 each: the third pause gets the 5 that are left.
      for (const ms of [5, 10, 5]) {
        await answers(other);
        other.clock.jump(ms);
      }
      await answers(other);
      expect(other.loads).toEqual(['k']);
      expect(sent(other).slice(0, 6)).toEqual(['mget', 'set', 'mget', 'mget', 'mget', 'evalsha']);
      expect(await waiting).toBe('from the source');
    });

    it('keys are shared out: of many, each instance loads those whose tickets it got (R5)', async () => {
      const land = await startLoad('a');
      const waiting = other.region.getMany(['a', 'b']);
      await until(() => other.loads.length > 0);
      expect(other.loads).toEqual(['b']);
      await land();
      await pass(other, 5);
      expect(await waiting).toEqual(['from the source', 'from the source']);
      expect(other.loads).toEqual(['b']);
    });

    it('who waits accepts nothing that the fence of L2 would refuse (R1, R2)', async () => {
      const land = await startLoad();
      const waiting = other.region.get('k');
      await pass(other, 5);
      await land();
      // Meanwhile the table changed again, and only the head tells this instance so.
      await scene.setHead({ tableFloors: new Map([[itemTable, { generation: 3, sequence: 6 }]]) });
      other.source = 'newer';
      for (const ms of [10, 20, 40, 80]) await pass(other, ms);
      expect(await waiting).toBe('newer');
      expect(other.region.status().l2Hits).toBe(0);
    });

    it('nobody waits for what the process has just written itself (R3)', async () => {
      await startLoad();
      await other.clock.advance(1);
      await other.region.write('k', async () => undefined);
      expect(await other.region.get('k')).toBe('from the source');
      expect(other.loads).toEqual(['k']);
    });

    it('nobody waits for a fresh value (R3)', async () => {
      await startLoad();
      expect(await other.region.get('k', { fresh: true })).toBe('from the source');
      expect(sent(other)).not.toContain('set');
    });

    it('who waits is let go when the next change comes, and its value is not kept (R2)', async () => {
      await startLoad();
      const waiting = other.region.get('k');
      await answers(other);
      other.change('k');
      await pass(other, 5);
      expect(await waiting).toBe('from the source');
      expect(other.region.peek('k')).toBeUndefined();
    });

    it('who waits is let go when Redis is gone (R4)', async () => {
      await startLoad();
      const waiting = other.region.get('k');
      await answers(other);
      other.redis.close();
      await until(() => !other.redis.isConnected);
      await other.clock.advance(5);
      expect(await waiting).toBe('from the source');
    });

    it('who leaves ends the wait, and nothing is loaded', async () => {
      await startLoad();
      const leaving = new AbortController();
      const waiting = other.region.get('k', { signal: leaving.signal });
      await answers(other);
      leaving.abort(new Error('left'));
      await expect(waiting).rejects.toThrow('left');
      await settle();
      // The timer that is left is the one of all deadlines.
      expect([other.loads, other.clock.pending]).toEqual([[], 1]);
    });

    it('the next change begins with tickets of its own', async () => {
      await startLoad();
      for (const instance of [holder, other]) {
        instance.namespace.position = { generation: 3, sequence: 6 };
        overtakeAll(instance);
      }
      await scene.setHead({ position: { generation: 3, sequence: 6 } });
      expect(await other.region.get('k')).toBe('from the source');
      expect(other.loads).toEqual(['k']);
    });

    it('a second later a miss is an ordinary one again, without a ticket', async () => {
      await startLoad();
      await other.clock.advance(1_000);
      expect(await other.region.get('k')).toBe('from the source');
      await answers(other);
      expect(sent(other).slice(0, 2)).toEqual(['mget', 'evalsha']);
    });
  });

  it.each<[string, (instance: L2Instance) => void]>([
    ['a hint', ({ namespace, region }) => namespace.heed(region.prefix, null)],
    ['a write', ({ region }) => region.overtake(null, 'write')],
  ])(
    '%s of the whole region starts no herd: its record will overtake what is loaded until then',
    async (_what, tell) => {
      const instance = await scene.instance();
      tell(instance);
      await instance.region.get('k');
      await answers(instance);
      expect(sent(instance).slice(0, 2)).toEqual(['mget', 'evalsha']);
    },
  );
});
