// A region seen from outside: what is served, for how long, and at the cost of which loads. What invalidations do to
// loads under way is in region-overtake.test.ts, many keys at once in region-many.test.ts.
import { settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { boundMs, itemTable, RegionScene } from './testing/region-scene.ts';

const ttlMs = 300_000;

describe('a hit', () => {
  it('calls no loader, makes no promise to wait for, and is counted', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    expect([scene.region.peek('k'), scene.region.peek('k')]).toEqual(['v', 'v']);
    expect(await scene.region.get('k')).toBe('v');
    expect(scene.region.status()).toMatchObject({ entries: 1, hits: 3, loads: 1, l2Hits: 0, lease: 'live' });
  });

  it('of "known absent" is null, and of nothing is undefined', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', null);
    expect([scene.region.peek('k'), scene.region.peek('other')]).toEqual([null, undefined]);
    expect(await scene.region.get('k')).toBeNull();
    expect(scene.calls.length).toBe(1);
  });

  it('is the one frozen object that the loader gave', async () => {
    const value = { rules: [{ model: 'm' }] };
    const scene = new RegionScene<typeof value>().startLease();
    await scene.put('k', value);
    expect(scene.region.peek('k')).toBe(value);
    expect(() => value.rules.push({ model: 'n' })).toThrow(TypeError);
  });

  it('sets no timer', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    await scene.region.get('k');
    expect(scene.clock.pending).toBe(0);
  });
});

describe('with a lease', () => {
  it('an entry is served as long as the tidemark moves on, far beyond the bound (R1)', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    for (let round = 0; round < 10; round += 1) {
      await scene.clock.advance(boundMs - 1);
      expect(scene.region.peek('k')).toBe('v');
      scene.prove();
    }
  });

  it.each<[string, (scene: RegionScene) => Promise<void>]>([
    ['the tidemark is older than the bound', (scene) => scene.clock.advance(boundMs)],
    ['the process was stopped for the bound', (scene) => scene.clock.stopAndContinue(boundMs)],
    ['the machine slept for the bound', (scene) => scene.clock.suspend(boundMs)],
    [
      'the wall clock was set back and the bound has passed',
      async ({ clock }) => {
        await clock.setWall(-60_000);
        await clock.advance(boundMs);
      },
    ],
  ])('an entry is not served once %s (R1)', async (_what, pass) => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    await pass(scene);
    expect(scene.region.peek('k')).toBeUndefined();
    expect(scene.region.status().lease).toBe('none');
  });

  it('an entry that outlived the lease is served again when the tidemark comes back, as nothing has overtaken it', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    await scene.clock.advance(boundMs);
    expect(scene.region.peek('k')).toBeUndefined();
    scene.prove();
    expect(scene.region.peek('k')).toBe('v');
    expect(scene.calls.length).toBe(1);
  });
});

describe.each<[string, () => RegionScene]>([
  ['without a journal', () => new RegionScene({ table: [] })],
  ['without a lease', () => new RegionScene()],
])('%s', (_what, make) => {
  it('an entry lives for the bound from the start of its own load, not from its end (R1)', async () => {
    const scene = make();
    const reading = scene.region.get('k');
    await scene.clock.advance(800);
    scene.call(0).answer('v');
    await reading;
    await scene.clock.advance(boundMs - 801);
    expect(scene.region.peek('k')).toBe('v');
    await scene.clock.advance(1);
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it.each<[string, (scene: RegionScene) => Promise<void>]>([
    ['a suspend', (scene) => scene.clock.suspend(boundMs)],
    ['a stop', (scene) => scene.clock.stopAndContinue(boundMs)],
    ['a wall clock set forward', (scene) => scene.clock.setWall(boundMs)],
  ])('an entry ends with %s of that length (R1)', async (_name, pass) => {
    const scene = make();
    await scene.put('k', 'v');
    await pass(scene);
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('a load that was slower than the bound is answered, and served to nobody else (R1)', async () => {
    const scene = make();
    const reading = scene.region.get('k');
    await scene.clock.advance(boundMs);
    scene.call(0).answer('v');
    expect(await reading).toBe('v');
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('the source sees one load per key and bound, however many reads there are (R5)', async () => {
    const scene = make();
    for (let ms = 0; ms < 10 * boundMs; ms += 100) {
      const reading = scene.region.get('k');
      await settle();
      scene.calls.at(-1)?.answer('v');
      expect(await reading).toBe('v');
      await scene.clock.advance(100);
    }
    expect(scene.calls.length).toBe(10);
  });
});

describe('a cold key (#44)', () => {
  it('costs one load for 50 concurrent readers, who all get its value (R5)', async () => {
    const scene = new RegionScene();
    const readings = Array.from({ length: 50 }, () => scene.region.get('k'));
    await settle();
    expect(scene.loaded).toEqual([['k']]);
    scene.call(0).answer('v');
    expect(await Promise.all(readings)).toEqual(Array.from({ length: 50 }, () => 'v'));
  });

  it('is not joined once its load is half the bound old: the reader starts another (R1)', async () => {
    const scene = new RegionScene();
    const first = scene.region.get('k');
    await scene.clock.advance(boundMs / 2 - 1);
    const joined = scene.region.get('k');
    await scene.clock.advance(1);
    const alone = scene.region.get('k');
    await settle();
    expect(scene.calls.length).toBe(2);
    scene.call(1).answer('new');
    expect(await alone).toBe('new');
    scene.call(0).answer('old');
    expect(await Promise.all([first, joined])).toEqual(['old', 'old']);
    // The older load came later, and must not follow the newer one into L1.
    expect(scene.region.peek('k')).toBe('new');
  });

  it('is not joined after a suspend: its load may be hours old (R1)', async () => {
    const scene = new RegionScene();
    const first = scene.region.get('k');
    await settle();
    await scene.clock.suspend(3_600_000);
    const second = scene.region.get('k');
    await settle();
    expect(scene.calls.length).toBe(2);
    scene.call(0).answer('old');
    scene.call(1).answer('new');
    expect(await Promise.all([first, second])).toEqual(['old', 'new']);
  });

  it('shares its error with everybody who waits, and caches none (R4)', async () => {
    const scene = new RegionScene();
    const readings = [scene.region.get('k'), scene.region.get('k')];
    await settle();
    scene.call(0).fail(new Error('source down'));
    const errors = await Promise.allSettled(readings);
    expect(errors.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual([
      'source down',
      'source down',
    ]);
    const again = scene.region.get('k');
    await scene.clock.advance(20);
    scene.call(1).answer('v');
    expect(await again).toBe('v');
  });
});

describe('a caller who leaves', () => {
  it('ends its own wait, and the load goes on for the others', async () => {
    const scene = new RegionScene();
    const leaving = new AbortController();
    const gone = scene.region.get('k', { signal: leaving.signal });
    const staying = scene.region.get('k');
    await settle();
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    expect(scene.call(0).signal.aborted).toBe(false);
    scene.call(0).answer('v');
    expect(await staying).toBe('v');
  });

  it('aborts the loader when nobody else waits, and the next reader starts a load of its own', async () => {
    const scene = new RegionScene();
    const leaving = new AbortController();
    const gone = scene.region.get('k', { signal: leaving.signal });
    await settle();
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    expect(scene.call(0).signal.aborted).toBe(true);
    const next = scene.region.get('k');
    await settle();
    scene.call(1).answer('v');
    expect(await next).toBe('v');
  });

  it('before it came gets a hit all the same, and starts no load', async () => {
    const scene = new RegionScene();
    await scene.put('k', 'v');
    const signal = AbortSignal.abort(new Error('left'));
    expect(await scene.region.get('k', { signal })).toBe('v');
    await expect(scene.region.get('other', { signal })).rejects.toThrow('left');
    await settle();
    expect(scene.loaded).toEqual([['k']]);
  });
});

describe('the TTL', () => {
  it('ends an entry however live the lease is; "known absent" has its own', async () => {
    const scene = new RegionScene({ negativeTtl: '10s' }).startLease();
    await scene.put('k', 'v');
    await scene.put('absent', null);
    await scene.clock.advance(9_999);
    scene.prove();
    expect([scene.region.peek('k'), scene.region.peek('absent')]).toEqual(['v', null]);
    await scene.clock.advance(1);
    scene.prove();
    expect([scene.region.peek('k'), scene.region.peek('absent')]).toEqual(['v', undefined]);
    await scene.clock.advance(ttlMs - 10_000);
    scene.prove();
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it.each([
    [0, 0.9],
    [0.5, 0.95],
    [0.999_999, 1],
  ])(
    'with a chance of %d is %d of itself: what was filled together does not end together (R5)',
    async (random, part) => {
      const scene = new RegionScene({}, { random: () => random }).startLease();
      await scene.put('k', 'v');
      await scene.clock.advance(ttlMs * part - 1);
      scene.prove();
      expect(scene.region.peek('k')).toBe('v');
      await scene.clock.advance(1);
      scene.prove();
      expect(scene.region.peek('k')).toBeUndefined();
    },
  );
});

describe('the bound of L1', () => {
  it('evicts what was used least recently, and never more', async () => {
    const scene = new RegionScene({ maxEntries: 2 }).startLease();
    for (const key of ['a', 'b', 'c']) await scene.put(key, key);
    expect(['a', 'b', 'c'].map((key) => scene.region.peek(key))).toEqual([undefined, 'b', 'c']);
    expect(scene.region.status().entries).toBe(2);
  });
});

describe('getStale', () => {
  async function overtakenAndDown(): Promise<RegionScene> {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'old');
    scene.change('k');
    return scene;
  }

  async function failNext(scene: RegionScene): Promise<void> {
    await settle();
    scene.call(scene.calls.length - 1).fail(new Error('source down'));
  }

  it('gives the value while it can be had, and says that it is not stale', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    expect(await scene.region.getStale('k', { upTo: '10m' })).toEqual({ value: 'v', stale: false });
  });

  it('gives the last value known while the source fails, marked as stale', async () => {
    const scene = await overtakenAndDown();
    const reading = scene.region.getStale('k', { upTo: '10m' });
    await failNext(scene);
    expect(await reading).toEqual({ value: 'old', stale: true });
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('throws what the source threw when the last value is too old, or when there is none', async () => {
    const scene = await overtakenAndDown();
    await scene.clock.advance(60_000);
    const tooOld = scene.region.getStale('k', { upTo: '1m' });
    await failNext(scene);
    await expect(tooOld).rejects.toThrow('source down');
    const none = scene.region.getStale('other', { upTo: '1m' });
    await failNext(scene);
    await expect(none).rejects.toThrow('source down');
  });

  it('counts the age by both clocks', async () => {
    const scene = await overtakenAndDown();
    await scene.clock.suspend(60_000);
    const reading = scene.region.getStale('k', { upTo: '1m' });
    await failNext(scene);
    await expect(reading).rejects.toThrow('source down');
  });

  it('refuses a duration that is none', async () => {
    await expect(new RegionScene().region.getStale('k', { upTo: 0 })).rejects.toMatchObject({
      code: 'DURATION_INVALID',
    });
  });
});

describe('closing', () => {
  it('ends a load under way with an error that says so, and leaves no timer', async () => {
    const scene = new RegionScene();
    const reading = scene.region.get('k');
    await settle();
    scene.closing.abort();
    await expect(reading).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    expect([scene.call(0).signal.aborted, scene.clock.pending]).toEqual([true, 0]);
  });

  it('refuses reads that would need the source, with what to do', async () => {
    const scene = new RegionScene();
    scene.closing.abort();
    const closed = {
      code: 'CACHE_CLOSED',
      message: 'the cache of region "item" is closed: make a new one to read',
    };
    await expect(scene.region.get('k')).rejects.toMatchObject(closed);
    await expect(scene.region.getMany(['k'])).rejects.toMatchObject(closed);
    expect(scene.calls).toEqual([]);
  });
});

describe('a region that is off', () => {
  it('asks the source for every read, keeps nothing, and joins nobody', async () => {
    const scene = new RegionScene({ isEnabled: false }).startLease();
    const readings = [scene.region.get('k'), scene.region.get('k'), scene.region.getMany(['k', 'l'])];
    await settle();
    expect(scene.loaded).toEqual([['k'], ['k'], ['k'], ['l']]);
    for (const { answer } of scene.calls) answer('v');
    expect(await Promise.all(readings)).toEqual(['v', 'v', ['v', 'v']]);
    expect([scene.region.peek('k'), scene.region.status().entries]).toEqual([undefined, 0]);
  });
});

describe('a region with several tables', () => {
  it('has a lease only while the rounds see all of them (R1)', () => {
    const scene = new RegionScene({ table: [itemTable, 'public.price'] }).startLease();
    expect(scene.region.status()).toMatchObject({
      lease: 'none',
      problem: expect.stringContaining('public.price'),
    });
  });
});
