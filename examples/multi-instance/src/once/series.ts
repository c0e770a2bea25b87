// The fixed series of changes: single rows with nothing wrong, single rows around a killed sidecar, a frozen instance,
// two thousand rows at once, TRUNCATE. Reads top to bottom; what is counted is decided elsewhere.
import { setTimeout as delay } from 'node:timers/promises';
import { boundMs } from '../demo/demo.ts';
import type { Check } from './check.ts';
import type { TestRows } from './test-rows.ts';

export interface SeriesOptions {
  readonly check: Check;
  readonly rows: TestRows;
  readonly random: () => number;
  readonly onStep: (step: string) => void;
}

const measuredChanges = 60;

export async function runSeries(options: SeriesOptions): Promise<void> {
  const { onStep } = options;
  onStep(`${measuredChanges} inserts, updates and deletes, one row each`);
  await changeSingles(options, measuredChanges, { isMeasured: true });
  await options.check.settle();
  await aroundKilledSidecar(options);
  await aroundFrozenInstance(options);
  await inBulk(options);
}

async function changeSingles(
  { check, rows, random }: SeriesOptions,
  count: number,
  how: { readonly isMeasured: boolean },
): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await check.make(rows.planNext(), how);
    // In no step with the rounds, or each change would meet them at the same place.
    await delay(20 + 100 * random());
  }
}

async function aroundKilledSidecar(options: SeriesOptions): Promise<void> {
  const { check, onStep } = options;
  const { sidecar } = check.demo;
  onStep('kill -9 of the sidecar, in the middle of changes');
  await Promise.all([
    changeSingles(options, 8, { isMeasured: false }),
    delay(200).then(() => sidecar.kill()),
  ]);
  await changeSingles(options, 4, { isMeasured: false });
  // Nobody runs rounds: the new rows are served because entries without a lease live for the bound only.
  await check.settle();
  onStep('the sidecar is back, in the middle of changes');
  sidecar.run();
  await changeSingles(options, 8, { isMeasured: false });
  await sidecar.untilReady();
  await check.settle();
  await check.untilLeased();
}

async function aroundFrozenInstance(options: SeriesOptions): Promise<void> {
  const { check, onStep } = options;
  const frozen = check.demo.instances[1];
  onStep(`instance ${frozen?.name} frozen over changes, for longer than the bound`);
  frozen?.freeze();
  await changeSingles(options, 4, { isMeasured: false });
  await delay(boundMs);
  frozen?.thaw();
  await check.settle();
  await check.untilLeased();
}

async function inBulk(options: SeriesOptions): Promise<void> {
  const { check, rows, onStep } = options;
  const bulk = rows.planBulk();
  onStep(bulk.what);
  await check.make(bulk);
  await check.settle();
  onStep('TRUNCATE, then rows again');
  await check.make(rows.planTruncate());
  await check.settle();
  await changeSingles(options, 6, { isMeasured: true });
  await check.settle();
}
