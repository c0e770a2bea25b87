// `--once`: a demo, a fixed series of changes, every answer checked, one outcome.
import type { ChangeTracker } from '../answers/change-tracker.ts';
import { boundMs, instanceNames, startDemo } from '../demo/demo.ts';
import type { Hints } from '../command-line.ts';
import { Check } from './check.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { runSeries } from './series.ts';
import { TestRows } from './test-rows.ts';

export interface OnceOptions {
  readonly hints: Hints;
  readonly random: () => number;
  /** Somebody wants to end it now. */
  readonly interrupted: Promise<void>;
  readonly onStep: (step: string) => void;
}

/**
 * @returns undefined when it was interrupted
 * @throws when a part cannot be started, or ends by itself
 */
export async function runOnce(options: OnceOptions): Promise<Outcome | undefined> {
  const { hints, random, interrupted, onStep } = options;
  const rows = new TestRows();
  const { promise: broken, reject } = Promise.withResolvers<never>();
  // Told while the demo still starts, it is the start that fails.
  broken.catch(() => undefined);
  let tracker: ChangeTracker | undefined;
  await using demo = await startDemo({
    hints,
    onStep,
    prepare: (writer) => rows.create(writer),
    onOvertaken: (instance, { keys }, atMs) => tracker?.heardDrop({ instance, keys, atMs }),
    onInstanceExit: (_, reason) => reject(new Error(reason)),
    onSidecarExit: (reason) => reject(new Error(reason)),
  });
  await using check = new Check(demo);
  tracker = check.tracker;
  const { watched } = rows;

  async function run(): Promise<number> {
    onStep(`every instance comes to hold ${watched.length} tenants`);
    await check.begin(watched);
    await runSeries({ check, rows, random, onStep });
    onStep('waiting for the bound, then asking for everything once more');
    return check.countSurvivors(watched);
  }

  const running = run();
  // Parts that are closed below fail what still runs then: that is nobody's error.
  running.catch(() => undefined);
  const survivors = await Promise.race([running, broken, interrupted]);
  if (survivors === undefined) return undefined;
  const { answers, measured } = check;
  const { changes } = check.tracker;
  return outcomeOf({
    instances: instanceNames.length,
    hints,
    boundMs,
    changes,
    measured,
    answers,
    statesOf: (tenant) => check.tracker.statesOf(tenant),
    survivors,
  });
}
