// R1 to R4 under faults, with every part a process of its own: the short form of `npm run chaos`.
import { describe, expect, it } from 'vitest';
import { runChaos } from './chaos.ts';
import { parseOptions } from './options.ts';
import type { Row } from './row.ts';

async function run(...args: readonly string[]): Promise<readonly Row[]> {
  const options = parseOptions(args, () => 1);
  const { signal } = new AbortController();
  return runChaos({ options, signal, onRow: () => undefined, onSkip: () => undefined });
}

describe('the fault run', () => {
  it('finds nothing beyond the bound, no survivor, no own write missed and no error of ours', async () => {
    const rows = await run('--quick');
    const wrong = rows.filter(({ isGood }) => !isGood);

    expect(wrong).toEqual([]);
    expect(rows).toHaveLength(7);
    for (const { reads } of rows) expect(reads).toBeGreaterThan(1_000);
  }, 300_000);

  it('finds the control guilty: what pub/sub did not bring stays stale', async () => {
    const rows = await run('--naive', '--only', 'Redis partitioned', '--only', 'no sidecar');
    for (const { isGood, beyondBound, survivors } of rows) {
      expect(isGood).toBe(false);
      expect(beyondBound + survivors).toBeGreaterThan(0);
    }
    expect(rows).toHaveLength(2);
  }, 120_000);
});
