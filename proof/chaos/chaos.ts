// The fault run: which faults, in which order, on one scene; rows come out as they are judged.
import { combineAtRandom, quickFaults, singleFaults } from './faults/faults.ts';
import type { Fault } from './faults/fault.ts';
import type { ChaosOptions } from './options.ts';
import { type Scene, startScene } from './parts/scene.ts';
import { type Row, runRow } from './row.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import { sharedMs } from './shared-clock.ts';

export interface ChaosRun {
  readonly options: ChaosOptions;
  readonly signal: AbortSignal;
  readonly onRow: (row: Row, scene: Scene) => void;
  /** A fault that can't be had here, and why. */
  readonly onSkip: (fault: Fault, reason: string) => void;
}

/** Runs until every fault has had its turn, or the signal aborts; whatever happens, nothing is left behind. */
export async function runChaos({ options, signal, onRow, onSkip }: ChaosRun): Promise<readonly Row[]> {
  const random = seededRandom(options.seed);
  const rows: Row[] = [];
  await using scene = await startScene(options);
  // Ctrl-C: a row that is under way loses its processes, and ends with it. What fails in that is told by the second call.
  const end = async (): Promise<void> => scene[Symbol.asyncDispose]();
  signal.addEventListener('abort', () => void end().catch(() => undefined), { once: true });
  try {
    for (const fault of planned(options, random)) {
      if (signal.aborted) break;
      const reason = fault.missing?.();
      if (reason !== undefined) {
        onSkip(fault, reason);
        continue;
      }
      const row = await runRow(scene, fault, random.fork(`${rows.length}:${fault.name}`));
      rows.push(row);
      onRow(row, scene);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return rows;
}

function* planned(options: ChaosOptions, random: SeededRandom): Generator<Fault> {
  const { only, minutes } = options;
  const startMs = sharedMs();
  const faults = options.isQuick ? quickFaults() : singleFaults;
  yield* faults.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  const combinations = random.fork('combinations');
  if (minutes === undefined) {
    for (let count = 0; count < options.combinations; count += 1) yield combineAtRandom(combinations);
    return;
  }
  while (sharedMs() - startMs < minutes * 60_000) yield combineAtRandom(combinations);
}
