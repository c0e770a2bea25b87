// The fault run as `npm test` has it: one fault of each class, with every part a process of its own. `npm run chaos` has
// all of them; docs/chaos.md says what is judged.
import { beforeAll, describe, expect, it } from 'vitest';
import { runChaos } from './chaos.ts';
import { parseOptions } from './options.ts';
import type { Row } from './row.ts';

const faults = [
  'instance killed',
  'instance stopped',
  'sidecars killed in turn',
  'Redis partitioned',
  'Redis half-open',
  'Redis with an old dump',
  '30 % of messages lost',
] as const;

async function run(names: readonly string[], ...more: readonly string[]): Promise<readonly Row[]> {
  const args = [...names.flatMap((name) => ['--only', name]), ...more];
  const { signal } = new AbortController();
  return runChaos({
    options: parseOptions(args, () => 1),
    signal,
    onRow: () => undefined,
    onSkip: () => undefined,
  });
}

describe('under faults, with each part a process of its own (R1, R2, R3, R4, R5, R6) (#44)', () => {
  let rows: readonly Row[] = [];
  beforeAll(async () => {
    rows = await run(faults);
  }, 400_000);

  it.for(faults)('%s: nothing stale beyond the bound, no survivor, no error, no load too many', (name) => {
    const row = rows.find(({ fault }) => fault === name);
    expect(row).toMatchObject({
      examples: [],
      beyondBound: 0,
      survivors: 0,
      ownMisses: 0,
      invented: 0,
      errors: 0,
      extraLoads: 0,
    });
    expect(row?.trustMs).not.toBeNull();
    expect(row?.reads).toBeGreaterThan(1_000);
    expect(row?.isGood).toBe(true);
  });
});

it('the control, cache-aside with pub/sub DEL, is found guilty by the same judge', async () => {
  const [row] = await run(['no sidecar'], '--naive');
  expect(row?.beyondBound).toBeGreaterThan(0);
  expect(row?.survivors).toBeGreaterThan(0);
  expect(row?.isGood).toBe(false);
}, 200_000);
