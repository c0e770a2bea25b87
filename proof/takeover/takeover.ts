// The takeover run: which deployments, and what happens to each, in which order; rows come out as they are judged.
import { seededRandom } from '../chaos/seeded-random.ts';
import { faults, type TakeoverCase, update, updateOfPeriod } from './faults.ts';
import type { TakeoverOptions } from './options.ts';
import { runTakeoverRow, type TakeoverRow } from './row.ts';
import { type Deployment, startTakeoverScene } from './scene.ts';

interface Plan {
  readonly deployment: Deployment;
  readonly cases: readonly TakeoverCase[];
}

export interface TakeoverRun {
  readonly options: TakeoverOptions;
  readonly signal: AbortSignal;
  readonly onRow: (row: TakeoverRow) => void;
}

/** Runs until everything has had its turn, or the signal aborts; whatever happens, nothing is left behind. */
export async function runTakeovers({ options, signal, onRow }: TakeoverRun): Promise<readonly TakeoverRow[]> {
  const random = seededRandom(options.seed);
  const rows: TakeoverRow[] = [];
  for (const { deployment, cases } of chosen(options)) {
    if (signal.aborted) break;
    await using scene = await startTakeoverScene(deployment, options);
    // Ctrl-C: the row that is under way loses its processes, and ends with it.
    const end = (): void => void scene.close().catch(() => undefined);
    signal.addEventListener('abort', end, { once: true });
    for (const one of cases) {
      if (signal.aborted) break;
      const row = await runTakeoverRow(scene, {
        deployment: deployment.name,
        case: one,
        times: options.times,
        random: random.fork(`${deployment.name}: ${one.name}`),
      });
      rows.push(row);
      onRow(row);
    }
    signal.removeEventListener('abort', end);
  }
  return rows;
}

function chosen(options: TakeoverOptions): readonly Plan[] {
  const { only } = options;
  return plansOf(options)
    .map(({ deployment, cases }) => ({
      deployment,
      cases: cases.filter(
        ({ name }) => only.length === 0 || only.some((part) => `${deployment.name}: ${name}`.includes(part)),
      ),
    }))
    .filter(({ cases }) => cases.length > 0);
}

function plansOf({ roundEveryMs }: TakeoverOptions): readonly Plan[] {
  const updates = [update, updateOfPeriod(2 * roundEveryMs)];
  return [
    {
      deployment: { name: 'two sidecars', sidecars: 2, isEmbedded: false },
      cases: [...faults, ...updates],
    },
    { deployment: { name: 'three sidecars', sidecars: 3, isEmbedded: false }, cases: updates },
    {
      deployment: { name: 'two sidecars and three embedded engines', sidecars: 2, isEmbedded: true },
      cases: faults.filter(({ name }) => ['SIGTERM', 'kill -9', 'SIGSTOP', 'both cut'].includes(name)),
    },
  ];
}
