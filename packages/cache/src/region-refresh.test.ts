// A key in use is loaded again before its TTL ends, beside its readers.
import { settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { RegionScene } from './testing/region-scene.ts';

const ttlMs = 300_000;
const refreshAtMs = 240_000;

async function hotKey(): Promise<RegionScene> {
  const scene = new RegionScene({ refreshAhead: 0.8 }).startLease();
  await scene.put('k', 'first');
  return scene;
}

async function advance(scene: RegionScene, byMs: number): Promise<void> {
  await scene.clock.advance(byMs);
  scene.prove();
}

describe('refreshAhead (#41)', () => {
  it('loads the next value once, when a hit comes late enough in the TTL, and no reader waits', async () => {
    const scene = await hotKey();
    await advance(scene, refreshAtMs - 1);
    scene.region.peek('k');
    expect(scene.calls).toHaveLength(1);
    await advance(scene, 1);
    expect([scene.region.peek('k'), scene.region.peek('k')]).toEqual(['first', 'first']);
    await settle();
    expect(scene.calls).toHaveLength(2);
    scene.call(1).answer('second');
    await settle();
    expect(scene.region.peek('k')).toBe('second');
  });

  it('never lets a key in use run into the end of its TTL', async () => {
    const scene = await hotKey();
    for (let step = 0; step < 50; step += 1) {
      await advance(scene, ttlMs / 7);
      expect(scene.region.peek('k')).toBeDefined();
      await settle();
      scene.calls.at(-1)?.answer(`value ${step}`);
      await settle();
    }
    // A load for each 0.8 of a TTL, and no more.
    expect(scene.calls.length).toBeLessThan(10);
  });

  it('leaves a key alone that nobody reads', async () => {
    const scene = await hotKey();
    await advance(scene, ttlMs);
    expect(scene.region.peek('k')).toBeUndefined();
    expect(scene.calls).toHaveLength(1);
    expect(scene.clock.pending).toBe(0);
  });

  it('keeps nothing of a load that a change overtook (R2)', async () => {
    const scene = await hotKey();
    await advance(scene, refreshAtMs);
    scene.region.peek('k');
    await settle();
    scene.change('k');
    scene.call(1).answer('older than the change');
    await settle();
    expect(scene.region.peek('k')).toBeUndefined();
  });

  it('hands its failure to nobody, and tries again when half of the rest has passed', async () => {
    const scene = await hotKey();
    await advance(scene, refreshAtMs);
    scene.region.peek('k');
    await settle();
    scene.call(1).fail(new Error('the source is down'));
    await settle();
    expect(scene.region.peek('k')).toBe('first');
    await advance(scene, (ttlMs - refreshAtMs) / 2);
    expect(scene.region.peek('k')).toBe('first');
    await scene.clock.advance(20);
    expect(scene.calls).toHaveLength(3);
  });

  it('is shared by readers who come after the TTL has ended (R5)', async () => {
    const scene = await hotKey();
    await advance(scene, ttlMs - 100);
    scene.region.peek('k');
    await settle();
    await advance(scene, 100);
    const reading = scene.region.get('k');
    await settle();
    expect(scene.calls).toHaveLength(2);
    scene.call(1).answer('second');
    expect(await reading).toBe('second');
  });
});
