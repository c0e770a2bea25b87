// A source that fails, and readers that go on asking: what a failure costs, and how often the source is tried.
import { settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { boundMs, RegionScene } from './testing/region-scene.ts';

const down = new Error('the source is down');

/** Readers come all the time while each load fails at once. @returns when the loads began */
async function readWhileDown(scene: RegionScene, durationMs: number): Promise<number[]> {
  const beganMs: number[] = [];
  const endMs = scene.clock.monotonicMs() + durationMs;
  while (scene.clock.monotonicMs() < endMs) {
    for (let reader = 0; reader < 3; reader += 1) scene.region.get('k').catch(() => {});
    await settle();
    while (scene.calls.length > beganMs.length) {
      scene.call(beganMs.length).fail(down);
      beganMs.push(scene.clock.monotonicMs());
    }
    await scene.clock.advance(10);
  }
  return beganMs;
}

describe('a load that fails', () => {
  it('fails every reader that waits for it, with the one error, and is not tried once per reader (R5)', async () => {
    const scene = new RegionScene().startLease();
    const readings = Array.from({ length: 1_000 }, () => scene.region.get('k'));
    await settle();
    scene.call(0).fail(down);
    for (const outcome of await Promise.allSettled(readings)) {
      expect(outcome).toEqual({ status: 'rejected', reason: down });
    }
    expect(scene.calls).toHaveLength(1);
  });

  it('is no answer for who comes later: the next reader waits for a load of its own', async () => {
    const scene = new RegionScene().startLease();
    scene.region.get('k').catch(() => {});
    await settle();
    scene.call(0).fail(down);
    await settle();
    const readings = Array.from({ length: 1_000 }, () => scene.region.get('k'));
    await scene.clock.advance(19);
    expect(scene.calls).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.calls).toHaveLength(2);
    scene.call(1).answer('back');
    expect(new Set(await Promise.all(readings))).toEqual(new Set(['back']));
    expect(scene.calls).toHaveLength(2);
  });
});

describe('a source that stays down while readers keep coming', () => {
  it('is tried after pauses that double', async () => {
    const scene = new RegionScene().startLease();
    const beganMs = await readWhileDown(scene, 1_500);
    const pausesMs = beganMs.slice(1).map((began, index) => began - (beganMs[index] ?? 0));
    // From the next reader on, who comes 10 ms after the failure.
    expect(pausesMs.map((ms) => ms - 10)).toEqual([20, 40, 80, 160, 320, 640]);
  });

  it('is tried for a key as often as half the bound passes, and no more', async () => {
    const scene = new RegionScene().startLease();
    const minutes = 2;
    const beganMs = await readWhileDown(scene, minutes * 60_000);
    // A flight older than half the bound is joined by nobody, so that the next reader starts one, with a pause of its own.
    expect(beganMs.length).toBeLessThan(10 + (minutes * 60_000) / (boundMs / 2));
  });

  it('is read again soon after it is back: no pause is longer than two seconds', async () => {
    const scene = new RegionScene().startLease();
    const { length } = await readWhileDown(scene, 60_000);
    const reading = scene.region.get('k');
    const askedMs = scene.clock.monotonicMs();
    while (scene.calls.length === length) await scene.clock.advance(10);
    expect(scene.clock.monotonicMs() - askedMs).toBeLessThanOrEqual(2_000);
    scene.call(length).answer('back');
    await scene.clock.advance(2_000);
    for (const { answer } of scene.calls.slice(length)) answer('back');
    expect(await reading).toBe('back');
  });
});
