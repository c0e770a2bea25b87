// What overtakes an entry or a load: records, resets, hints, own writes. Each case is one interleaving, written down;
// all the others are in region-history.test.ts.
import { settle } from '@tidemark/devstack/fakes';
import type { Journal } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { itemTable, RegionScene } from './testing/region-scene.ts';

type Overtake = (scene: RegionScene) => void | Promise<void>;

const overtakes: [string, Overtake][] = [
  ['a record that names the key', (scene) => scene.change('k')],
  ['a record that names it among others', (scene) => scene.change('a', 'k', 'b')],
  ['a record of the whole table', (scene) => scene.namespace.apply(new Map([[itemTable, null]]))],
  ['a hint', (scene) => scene.namespace.heed(scene.region.prefix, ['k'])],
  ['a hint for the whole region', (scene) => scene.namespace.heed(scene.region.prefix, null)],
  ['a reset', (scene) => scene.namespace.reset()],
  ['an own write', (scene) => scene.region.write('k', async () => {})],
  [
    'an own write that failed',
    (scene) => scene.region.write('k', () => Promise.reject(new Error('lost'))).catch(() => {}),
  ],
  ['invalidate', (scene) => scene.region.invalidate('k')],
  ['invalidateAll', (scene) => scene.region.invalidateAll()],
];

describe.each(overtakes)('%s (#44)', (_what, overtake) => {
  it('ends an entry: the next read loads (R2)', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'old');
    await overtake(scene);
    scene.prove();
    expect(scene.region.peek('k')).toBeUndefined();
    const reading = scene.region.get('k');
    await settle();
    scene.call(1).answer('new');
    expect(await reading).toBe('new');
  });

  it('keeps a load that began before it from being stored (R2)', async () => {
    const scene = new RegionScene().startLease();
    const reading = scene.region.get('k');
    await settle();
    await overtake(scene);
    scene.prove();
    scene.call(0).answer('old');
    await reading;
    expect(scene.region.peek('k')).toBeUndefined();
    expect(scene.region.status().entries).toBe(0);
  });

  it('lets who waited before it have the value, and nobody after it join (R2)', async () => {
    const scene = new RegionScene().startLease();
    const before = [scene.region.get('k'), scene.region.get('k')];
    await settle();
    await overtake(scene);
    const after = [scene.region.get('k'), scene.region.get('k')];
    await settle();
    expect(scene.calls.length).toBe(2);
    scene.call(1).answer('new');
    expect(await Promise.all(after)).toEqual(['new', 'new']);
    scene.call(0).answer('old');
    expect(await Promise.all(before)).toEqual(['old', 'old']);
    scene.prove();
    expect(scene.region.peek('k')).toBe('new');
  });

  it('stores a load that began after it', async () => {
    const scene = new RegionScene().startLease();
    await overtake(scene);
    scene.prove();
    await scene.put('k', 'new');
    expect(scene.region.peek('k')).toBe('new');
  });
});

describe('what is named', () => {
  it('is dropped alone: entries and loads of other keys stay', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('other', 'v');
    const reading = scene.region.get('third');
    await settle();
    scene.change('k');
    scene.call(1).answer('w');
    await reading;
    expect([scene.region.peek('other'), scene.region.peek('third')]).toEqual(['v', 'w']);
  });

  it('in another table touches nothing here', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'v');
    scene.namespace.apply(new Map([['public.other', null]]));
    expect(scene.region.peek('k')).toBe('v');
  });

  it('may be a key of several parts, as the journal writes it', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('tenant:1', 'v');
    scene.change('tenant:1');
    expect(scene.region.peek('tenant:1')).toBe('v');
    scene.change('tenant%3A1');
    expect(scene.region.peek('tenant:1')).toBeUndefined();
  });
});

describe('an own write', () => {
  it('gives back what it was asked to do, and passes its error on', async () => {
    const scene = new RegionScene();
    expect(await scene.region.write('k', async () => 42)).toBe(42);
    await expect(scene.region.write('k', () => Promise.reject(new Error('conflict')))).rejects.toThrow(
      'conflict',
    );
  });

  it('drops what was loaded while it ran: that may be older than its commit (R3)', async () => {
    const scene = new RegionScene().startLease();
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = scene.region.write('k', () => promise);
    await scene.put('k', 'from before the commit');
    expect(scene.region.peek('k')).toBe('from before the commit');
    resolve();
    await writing;
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('with an unknown outcome drops the key before the error reaches the caller (R3)', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'old');
    let seen: unknown = 'not asked';
    await scene.region
      .write('k', () => Promise.reject(new Error('connection lost')))
      .catch(() => {
        seen = scene.region.peek('k');
      });
    expect(seen).toBeUndefined();
  });

  it('that throws at once drops the key, too (R3)', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'old');
    const broken = (): Promise<void> => {
      throw new Error('bad argument');
    };
    await expect(scene.region.write('k', broken)).rejects.toThrow('bad argument');
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('starts a round now, so that the others need not wait for the timer (R6)', async () => {
    let rings = 0;
    const engine = {
      journal: noJournal(),
      roundEveryMs: 100,
      start() {},
      ring: () => void (rings += 1),
      close: async () => {},
    };
    const scene = new RegionScene({}, { engine });
    await scene.region.write('k', async () => {});
    expect(rings).toBe(1);
  });
});

describe('an invalidation by hand', () => {
  it('is written to the journal for every table of the region, as reliable as a change of a row', async () => {
    const written: unknown[] = [];
    const journal = { ...noJournal(), invalidate: async (...change: unknown[]) => void written.push(change) };
    const scene = new RegionScene({ table: [itemTable, 'public.price'] }, { journal });
    await scene.region.invalidate('a:b');
    await scene.region.invalidateAll();
    expect(written).toEqual([
      [itemTable, ['a%3Ab']],
      ['public.price', ['a%3Ab']],
      [itemTable, null],
      ['public.price', null],
    ]);
  });

  it('that could not be written drops the key here all the same, and says so', async () => {
    const journal = { ...noJournal(), invalidate: () => Promise.reject(new Error('database down')) };
    const scene = new RegionScene({}, { journal }).startLease();
    await scene.put('k', 'old');
    await expect(scene.region.invalidate('k')).rejects.toThrow('database down');
    expect(scene.region.peek('k')).toBeUndefined();
  });
});

describe('a fresh read', () => {
  it('asks the source although L1 has the key, and stores what it got', async () => {
    const scene = new RegionScene().startLease();
    await scene.put('k', 'old');
    const reading = scene.region.get('k', { fresh: true });
    await settle();
    scene.call(1).answer('new');
    expect(await reading).toBe('new');
    expect(scene.region.peek('k')).toBe('new');
  });

  it('joins no flight of before the call, not even another fresh one (R3)', async () => {
    const scene = new RegionScene();
    const readings = [scene.region.get('k')];
    await settle();
    readings.push(scene.region.get('k', { fresh: true }), scene.region.get('k', { fresh: true }));
    await settle();
    expect(scene.calls.length).toBe(3);
    for (const [index, { answer }] of scene.calls.entries()) answer(`v${index}`);
    expect(await Promise.all(readings)).toEqual(['v0', 'v1', 'v2']);
  });

  it('may be joined by an ordinary read that comes later (R5)', async () => {
    const scene = new RegionScene();
    const fresh = scene.region.get('k', { fresh: true });
    const later = scene.region.get('k');
    await settle();
    expect(scene.calls.length).toBe(1);
    scene.call(0).answer('v');
    expect(await Promise.all([fresh, later])).toEqual(['v', 'v']);
  });

  it('keeps an older load that comes later out of L1 (R2)', async () => {
    const scene = new RegionScene();
    const older = scene.region.get('k');
    await settle();
    const fresh = scene.region.get('k', { fresh: true });
    await settle();
    scene.call(1).answer('new');
    await fresh;
    scene.call(0).answer('old');
    await older;
    expect(scene.region.peek('k')).toBe('new');
  });
});

describe('a load that waits', () => {
  it('for its turn counts from when it reads, not from when it was asked for (R1)', async () => {
    const scene = new RegionScene({ maxConcurrentLoads: 1 });
    const blocking = scene.region.get('slow');
    const reading = scene.region.get('k');
    await scene.clock.advance(1_500);
    scene.call(0).answer('v');
    await blocking;
    await settle();
    scene.call(1).answer('v');
    await reading;
    await scene.clock.advance(1_999);
    expect(scene.region.peek('k')).toBe('v');
    await scene.clock.advance(1);
    expect(scene.region.peek('k')).toBeUndefined();
  });
});

function noJournal(): Journal {
  const never = (): Promise<never> => Promise.reject(new Error('not asked for'));
  return {
    read: never,
    nextGeneration: never,
    invalidate: never,
    addPrefix: never,
    prune: never,
    close: async () => {},
  };
}
