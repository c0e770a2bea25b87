// The soak, for as long as it takes to see a slow leak: SOAK_MINUTES, an hour by default. Its figures are printed.
import { type Stack, startStack } from '@tidemark/devstack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instances } from './testing/instances.ts';
import { runSoak, soakEntries } from './testing/soak.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 60);

let stack: Stack;
let instances: Instances;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instances = await Instances.on(stack, 3);
});

afterAll(async () => {
  await instances.closeStarted();
  await instances.close();
  await stack.close();
});

it(
  'memory, flights, signals and timers stay level, and L1 within its bound, for as long as one likes',
  { timeout: (minutes + 5) * 60_000 },
  async () => {
    const verdict = await runSoak({
      stack,
      instances,
      durationMs: minutes * 60_000,
      countsObjects: true,
    });
    process.stdout.write(`soak of ${minutes} minutes: ${JSON.stringify(verdict)}\n`);
    // Three in each third, however little a loaded machine gets done.
    expect(verdict.samples).toBeGreaterThanOrEqual(9);
    expect(verdict.mostEntries).toBeLessThanOrEqual(soakEntries);
    expect(verdict.heapGrowth).toBeLessThan(1.1);
    // Nothing is under way when a sample is taken, but for what a fault has left on its way to a deadline; a turn makes
    // hundreds of each.
    expect(verdict.flights).toBeLessThan(100);
    expect(verdict.signals).toBeLessThan(100);
    expect(verdict.resources).toBeLessThan(100);
  },
);
