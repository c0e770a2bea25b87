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
    const verdict = await runSoak({ stack, instances, durationMs: minutes * 60_000 });
    process.stdout.write(`soak of ${minutes} minutes: ${JSON.stringify(verdict)}\n`);
    expect(verdict.samples).toBeGreaterThan(30);
    expect(verdict.mostEntries).toBeLessThanOrEqual(soakEntries);
    // Nothing is under way when a sample is taken, but for what a fault may have left on its way to its deadline.
    expect(verdict.flights).toBeLessThan(100);
    expect(verdict.heapGrowth).toBeLessThan(1.1);
    expect(verdict.signalGrowth).toBeLessThan(1.1);
    expect(verdict.resourceGrowth).toBeLessThan(1.1);
  },
);
