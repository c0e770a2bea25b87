// The checked run as CI and people run it, from the command line to the exit code. That a bad run is told from a good one
// is shown in outcome.test.ts.
import { expect, test } from 'vitest';
import { DemoProcess, descendantsOf, livingOf } from '../testing/demo-process.ts';
import type { Result } from './outcome.ts';

test('the checked run finds no stale answer beyond the bound (R1, R2), and says so in one line', async () => {
  await using demo = new DemoProcess('--once', '--json', '--hints', 'silent');
  const [code] = await demo.exited;
  expect(demo.stderr).toContain('No instance served a stale answer beyond the bound.');
  expect(code).toBe(0);

  const line = demo.stdout.trimEnd();
  expect(line).not.toContain('\n');
  const result = JSON.parse(line) as Result;
  expect(result).toEqual({
    instances: 3,
    changes: expect.any(Number) as number,
    hints: 'silent',
    dropMs: { p50: expect.any(Number) as number, p99: expect.any(Number) as number },
    freshMs: { p50: expect.any(Number) as number, p99: expect.any(Number) as number },
    beyondBound: 0,
    survivors: 0,
  });
  expect(result.changes).toBeGreaterThan(80);
  expect(result.dropMs.p50).toBeLessThanOrEqual(result.dropMs.p99);
  expect(result.dropMs.p50).toBeLessThanOrEqual(result.freshMs.p50);
});

test('interrupted, it ends what it started and claims nothing', async () => {
  await using demo = new DemoProcess('--once', '--json');
  await expect.poll(() => demo.stderr, { timeout: 60_000 }).toContain('one row each');
  const started = descendantsOf(demo.pid);
  demo.signal('SIGINT');
  expect(await demo.exited).toEqual([130, null]);
  expect(demo.stdout).toBe('');
  await expect.poll(() => livingOf(started), { timeout: 20_000 }).toEqual([]);
});

test('a flag that does not exist is one sentence and exit code 2', async () => {
  await using demo = new DemoProcess('--twice');
  expect(await demo.exited).toEqual([2, null]);
  expect(demo.stderr).toMatch(/^There is no --twice: [^\n]*\.\n$/);
});
