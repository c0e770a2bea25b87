// TTLs of a whole population: what was filled together must not be loaded together again (R5).
import { describe, expect, it } from 'vitest';
import { RegionScene } from './testing/region-scene.ts';

const ttlMs = 300_000;
const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);

/** Chance that covers its whole range evenly, the same in every run. */
function evenly(): () => number {
  let turn = 0;
  return () => ((turn += 1) * 0.618_034) % 1;
}

describe('keys that were filled at the same moment', () => {
  it.each<[string, string | null, number]>([
    ['values', 'v', ttlMs],
    ['absences', null, 30_000],
  ])('%s expire one after the other, over a tenth of their TTL', async (_what, value, lifeMs) => {
    const scene = new RegionScene({ negativeTtl: '30s' }, { random: evenly() }).startLease();
    for (const key of keys) await scene.put(key, value);
    const alive = (): number => keys.filter((key) => scene.region.peek(key) !== undefined).length;
    const advance = async (byMs: number): Promise<void> => {
      await scene.clock.advance(byMs);
      scene.prove();
    };

    await advance(0.9 * lifeMs - 1);
    expect(alive()).toBe(keys.length);
    await advance(1);
    const lost: number[] = [];
    for (let step = 0; step < 10; step += 1) {
      const before = alive();
      await advance(lifeMs / 100);
      lost.push(before - alive());
    }
    // Evenly spread they are 20 in each hundredth of the TTL.
    for (const count of lost) expect(count).toBeLessThan(0.15 * keys.length);
    expect(alive()).toBe(0);
  });
});
