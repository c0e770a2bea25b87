// The takeover run as `npm test` has it: three ways to lose the working sidecar, a few times each. `npm run takeover` has
// all of them; docs/takeover.md says what is judged. The figures are printed, and none of them is asserted.
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTakeoverOptions } from './options.ts';
import { rowLine, titleLine } from './report.ts';
import type { TakeoverRow } from './row.ts';
import { runTakeovers } from './takeover.ts';

const cases = ['two sidecars: SIGTERM', 'two sidecars: SIGSTOP', 'two sidecars: PostgreSQL cut'] as const;

describe('when the working one of two sidecars is lost under load (R1, R2, R6) (#42, #44)', () => {
  let rows: readonly TakeoverRow[] = [];
  beforeAll(async () => {
    const args = ['--times', '2', ...cases.flatMap((name) => ['--only', name])];
    rows = await runTakeovers({
      options: parseTakeoverOptions(args, () => 1),
      signal: new AbortController().signal,
      onRow: () => undefined,
    });
    // oxlint-disable-next-line no-console -- the figures are for people
    console.log([titleLine(), ...rows.map(rowLine)].join('\n'));
  }, 300_000);

  it.for(cases)('%s: the other one takes over, nothing is lost, nothing is read beyond the bound', (name) => {
    const row = rows.find(({ deployment, fault }) => `${deployment}: ${fault}` === name);
    expect(row).toMatchObject({
      examples: [],
      beyondBound: 0,
      survivors: 0,
      ownMisses: 0,
      invented: 0,
      errors: 0,
      lost: 0,
      // No instance had to drop what it had.
      resets: 0,
    });
    expect(row?.attempts).toHaveLength(2);
    expect(row?.attempts.every(({ takeoverMs, allMs }) => takeoverMs !== null && allMs !== null)).toBe(true);
    expect(row?.reads).toBeGreaterThan(1_000);
    expect(row?.isGood).toBe(true);
  });
});
