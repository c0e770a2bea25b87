// The no-Redis mode: rounds of this process, on a journal that the test writes.
import {
  type JournalRead,
  type RoundOutcome,
  silentLogger,
  type TableChange,
  type WatchedTable,
} from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { itemTable, RegionScene } from '../testing/region-scene.ts';
import { LocalTarget } from './local-target.ts';
import { Namespace } from './namespace.ts';

const watched: WatchedTable = { namespace: 'main', prefixes: [], problem: null };

class Scene extends RegionScene {
  readonly namespaces: Namespace[] = [this.namespace];
  readonly target = new LocalTarget({
    clocks: this.clocks,
    roundEveryMs: 100,
    namespaces: () => this.namespaces,
  });

  /** A round whose journal read takes 10 ms and finds these changes. */
  async round(changes: readonly TableChange[] = [], read: Partial<JournalRead> = {}): Promise<RoundOutcome> {
    await this.target.begin();
    await this.clock.advance(10);
    return this.publish(changes, read);
  }

  async publish(changes: readonly TableChange[], read: Partial<JournalRead> = {}): Promise<RoundOutcome> {
    return this.target.publish({
      cursor: { snapshot: '10:10:', server: 'server-1', watchHash: 'watch-1' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes,
      watch: new Map([[itemTable, watched]]),
      ...read,
    });
  }

  get lease(): 'live' | 'none' {
    return this.region.status().lease;
  }
}

async function following(): Promise<Scene> {
  const scene = new Scene();
  await scene.round();
  return scene;
}

const other = { snapshot: '20:20:', server: 'server-1', watchHash: 'watch-1' };

describe('a local round', () => {
  it('asks for nothing but the present at first, and goes on from its cursor', async () => {
    const scene = new Scene();
    expect(await scene.target.begin()).toEqual({ kind: 'begun', cursor: null, knownWatchHash: null });
    await scene.round();
    expect(await scene.target.begin()).toEqual({
      kind: 'begun',
      cursor: { snapshot: '10:10:', server: 'server-1', watchHash: 'watch-1' },
      knownWatchHash: 'watch-1',
    });
  });

  it('gives a lease whose tidemark is the moment before the journal was asked (R1)', async () => {
    const scene = new Scene();
    const beganMs = scene.clock.monotonicMs();
    await scene.round();
    expect(scene.lease).toBe('live');
    expect(scene.namespace.tidemark.at.monotonicMs).toBe(beganMs);
  });

  it('drops what it names and keeps the rest (R2)', async () => {
    const scene = await following();
    await scene.put('a', 'old');
    await scene.put('b', 'kept');
    await scene.round([{ table: itemTable, keys: ['a'] }]);
    expect([scene.region.peek('a'), scene.region.peek('b')]).toEqual([undefined, 'kept']);
  });

  it('drops every key of a table that it names twice, and all of one that it names once as a whole (R2)', async () => {
    const scene = await following();
    for (const key of ['a', 'b', 'c']) await scene.put(key, 'old');
    await scene.round([
      { table: itemTable, keys: ['a'] },
      { table: itemTable, keys: ['b'] },
    ]);
    expect(['a', 'b', 'c'].map((key) => scene.region.peek(key))).toEqual([undefined, undefined, 'old']);
    await scene.round([
      { table: itemTable, keys: null },
      { table: itemTable, keys: ['a'] },
    ]);
    expect(scene.region.peek('c')).toBeUndefined();
  });

  it('says how many keys it named, a whole table as one', async () => {
    const scene = await following();
    const outcome = await scene.round([
      { table: itemTable, keys: ['a', 'b', 'c'] },
      { table: 'public.other', keys: null },
    ]);
    expect(outcome).toEqual({ isPublished: true, changed: 4, wantsMore: false });
  });

  it('detaches a load that was under way when the change was found (R2)', async () => {
    const scene = await following();
    const reading = scene.region.get('a');
    await scene.round([{ table: itemTable, keys: ['a'] }]);
    scene.call(0).answer('old');
    expect(await reading).toBe('old');
    expect(scene.region.peek('a')).toBeUndefined();
  });

  it('applies records and tidemark in one synchronous run: no read between them sees half (R2)', async () => {
    const scene = await following();
    await scene.put('a', 'old');
    await scene.target.begin();
    await scene.clock.advance(5);
    const publishing = scene.publish([{ table: itemTable, keys: ['a'] }]);
    expect(scene.region.peek('a')).toBeUndefined();
    expect(scene.namespace.tidemark.ageMs()).toBe(5);
    await publishing;
  });

  it('serves every namespace of the process, one that came later too', async () => {
    const scene = await following();
    const second = new Namespace('second', scene.clocks, silentLogger);
    scene.namespaces.push(second);
    await scene.round([], { watch: null });
    expect(second.watchHash).toBe('watch-1');
    expect(second.tidemark.ageMs()).toBe(10);
  });
});

describe('a local round starts anew', () => {
  it.each<[string, Partial<JournalRead>]>([
    ['the server lost commits', { wentBack: true, cursor: other }],
    ['changes were pruned unread', { wasPruned: true, cursor: other }],
    ['the server was restarted', { cursor: { ...other, server: 'server-2' } }],
    ['the watch is another one', { cursor: { ...other, watchHash: 'watch-2' } }],
  ])('when %s: everything is dropped, loads under way too (R1, R2)', async (_what, read) => {
    const scene = await following();
    await scene.put('a', 'old');
    const reading = scene.region.get('b');
    await scene.round([], read);
    scene.call(1).answer('old');
    await reading;
    expect([scene.region.peek('a'), scene.region.peek('b')]).toEqual([undefined, undefined]);
    // What is loaded from now on is at least as new as the reading.
    expect(scene.lease).toBe('live');
    await scene.put('a', 'new');
    await scene.round([], { ...read, wentBack: false, wasPruned: false, watch: null });
    expect(scene.region.peek('a')).toBe('new');
  });

  it('and takes the lease when the watch no longer holds the table (R1)', async () => {
    const scene = await following();
    await scene.round([], { cursor: { ...other, watchHash: 'watch-2' }, watch: new Map() });
    expect(scene.lease).toBe('none');
    expect(scene.region.status().problem).toContain('does not follow the table public.item');
  });
});

describe('a standby', () => {
  it('proves nothing: the round fails, nothing is applied, the tidemark stays and ages (R1)', async () => {
    const scene = await following();
    await scene.put('a', 'old');
    const { at } = scene.namespace.tidemark;
    await expect(
      scene.round([{ table: itemTable, keys: ['a'] }], { isInRecovery: true }),
    ).rejects.toMatchObject({
      code: 'SOURCE_IN_RECOVERY',
    });
    expect(scene.namespace.tidemark.at).toBe(at);
    expect(scene.region.peek('a')).toBe('old');
    await scene.clock.advance(2_000);
    expect([scene.region.peek('a'), scene.lease]).toEqual([undefined, 'none']);
  });

  it('leaves the cursor where it was: the next round finds what this one could not (R2)', async () => {
    const scene = await following();
    await scene.round([], { isInRecovery: true, cursor: other }).catch(() => {});
    expect(await scene.target.begin()).toMatchObject({ cursor: { snapshot: '10:10:' } });
  });
});
