// R1 to R6 under faults that brief.fault.test.ts has no time for.
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
    expect(rows).toHaveLength(9);
    for (const { reads } of rows) expect(reads).toBeGreaterThan(1_000);
  }, 300_000);

  it('finds the control guilty: what pub/sub did not bring stays stale', async () => {
    const rows = await run('--naive', '--only', 'Redis partitioned');
    expect(rows).toMatchObject([{ isGood: false }]);
    for (const { beyondBound, survivors } of rows) expect(beyondBound + survivors).toBeGreaterThan(0);
  }, 120_000);
});
