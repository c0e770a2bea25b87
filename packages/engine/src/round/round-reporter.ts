// Tells of the rounds of one namespace: what each found to the hint sources, which should have announced it, and how it
// went to the observer. Decides nothing about rounds.
import type { Clock } from '@tidemark/protocol';
import type { HintSource } from '../hints/hint-source.ts';
import type { EngineObserver } from '../observer.ts';
import { foundChanges, observedChanges, readOf, readStartOf } from './found-changes.ts';
import type { FailedRound, FinishedRound } from './round-steps.ts';

export interface RoundReporterOptions {
  readonly namespace: string;
  /** Those that announce what this namespace's journal finds. */
  readonly hints: readonly HintSource[];
  /** Absent where nobody measures. */
  readonly observer: Required<EngineObserver> | undefined;
  readonly clock: Clock;
  /** Whether a table is of this namespace: each one reads the whole journal for itself. */
  readonly isOurs: (table: string) => boolean;
  /** Before the first round. */
  readonly madeMs: number;
}

export class RoundReporter {
  readonly #options: RoundReporterOptions;
  /** When the last finished round began. */
  #lastMs: number;
  /** When the last published one began to read. */
  #lastReadMs: number | undefined;

  constructor(options: RoundReporterOptions) {
    this.#options = options;
    this.#lastMs = options.madeMs;
  }

  finished(round: FinishedRound): void {
    const { namespace, hints, observer, isOurs } = this.#options;
    const { isGlance, startedMs, steps, outcome } = round;
    const [sinceMs, lastReadMs] = [this.#lastMs, this.#lastReadMs];
    this.#lastMs = startedMs;
    if (outcome.isPublished) this.#lastReadMs = readStartOf(steps);
    const hasChanges = outcome.changed > 0;
    if (!hasChanges && observer === undefined) return;
    const read = readOf(round.read, isOurs);
    const found = hasChanges ? foundChanges({ steps, read }, lastReadMs) : [];
    const endedMs = this.#endOf(steps);
    observer?.onRound({
      namespace,
      isGlance,
      outcome: outcome.isPublished ? 'published' : 'refused',
      startedMs,
      endedMs,
      steps,
      changes: hasChanges ? observedChanges(read.changes, found, endedMs) : [],
      ...(outcome.opened && { opened: outcome.opened }),
    });
    if (!hasChanges) return;
    const tables = read.changes.map(({ table }) => table);
    for (const hint of hints) hint.expect({ sinceMs, tables, changes: found });
  }

  failed({ startedMs, steps, reason }: FailedRound): void {
    const { namespace, observer } = this.#options;
    const endedMs = this.#endOf(steps);
    const told = { namespace, isGlance: false, startedMs, endedMs, steps, reason };
    observer?.onRound({ ...told, outcome: 'failed', changes: [] });
  }

  #endOf(steps: FinishedRound['steps']): number {
    return steps.at(-1)?.endedMs ?? this.#options.clock.monotonicMs();
  }
}
