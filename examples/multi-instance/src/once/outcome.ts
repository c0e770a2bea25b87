// What a checked run came to: counts and medians from its answers and changes, and whether that is good. Pure.
import type { TrackedChange } from '../answers/change-tracker.ts';
import { type GivenAnswer, judge, type State, type Verdict } from '../answers/judge.ts';
import { type Percentiles, percentilesOf } from '../answers/statistics.ts';
import type { Hints } from '../command-line.ts';

/** The line that `--json` prints, and nothing else. */
export interface Result {
  readonly instances: number;
  readonly changes: number;
  readonly hints: Hints;
  readonly dropMs: Percentiles;
  readonly freshMs: Percentiles;
  /** Answers overtaken for longer than the bound, and answers that were never true. */
  readonly beyondBound: number;
  readonly survivors: number;
}

export interface Outcome extends Result {
  readonly answers: number;
  /** Answers that were overtaken when they were asked for, within the bound, and the oldest of them. */
  readonly withinBound: number;
  readonly oldestMs: number;
  readonly failed: number;
  /** One sentence each; none: the run is good. */
  readonly problems: readonly string[];
}

export interface Record {
  readonly instances: number;
  readonly hints: Hints;
  readonly boundMs: number;
  readonly changes: readonly TrackedChange[];
  readonly measured: readonly TrackedChange[];
  readonly answers: readonly (GivenAnswer & { readonly tenant: string })[];
  readonly statesOf: (tenant: string) => readonly State[];
  readonly survivors: number;
}

export function outcomeOf(record: Record): Outcome {
  const { instances, hints, changes, measured, answers, survivors } = record;
  const verdicts = answers.map((answer) => judge(record.statesOf(answer.tenant), answer, record.boundMs));
  const stale = verdicts.flatMap((verdict) => ('staleMs' in verdict ? [verdict.staleMs] : []));
  const counted = {
    instances,
    changes: changes.length,
    hints,
    dropMs: percentilesOf(lagsOf(measured, 'droppedMs')),
    freshMs: percentilesOf(lagsOf(measured, 'freshMs')),
    beyondBound: count(verdicts, 'beyond bound') + count(verdicts, 'never true'),
    survivors,
    answers: answers.length,
    withinBound: count(verdicts, 'within bound'),
    oldestMs: Math.round(Math.max(0, ...stale)),
    failed: count(verdicts, 'failed'),
  };
  return { ...counted, problems: problemsOf(counted, missingOf(measured)) };
}

export function resultOf(outcome: Outcome): Result {
  const { instances, changes, hints, dropMs, freshMs, beyondBound, survivors } = outcome;
  return { instances, changes, hints, dropMs, freshMs, beyondBound, survivors };
}

/** From the acknowledgement of the COMMIT; 0 where the instance was faster than the acknowledgement. */
function lagsOf(changes: readonly TrackedChange[], moment: 'droppedMs' | 'freshMs'): number[] {
  return changes.flatMap(({ arrivals, committedMs }) =>
    [...arrivals.values()].flatMap((arrival) => {
      const atMs = arrival[moment];
      return atMs === undefined || committedMs === undefined ? [] : [Math.max(0, atMs - committedMs)];
    }),
  );
}

function missingOf(changes: readonly TrackedChange[]): number {
  const arrivals = changes.flatMap(({ arrivals }) => [...arrivals.values()]);
  return arrivals.filter(({ droppedMs, freshMs }) => droppedMs === undefined || freshMs === undefined).length;
}

function count(verdicts: readonly Verdict[], kind: Verdict['kind']): number {
  return verdicts.filter((verdict) => verdict.kind === kind).length;
}

function problemsOf(
  { beyondBound, survivors, failed }: Pick<Outcome, 'beyondBound' | 'survivors' | 'failed'>,
  missing: number,
): string[] {
  return [
    ...(beyondBound > 0 ? [`${beyondBound} answers were stale beyond the bound, or never true`] : []),
    ...(survivors > 0 ? [`${survivors} answers were still old at the end`] : []),
    ...(failed > 0 ? [`${failed} requests got no answer`] : []),
    ...(missing > 0
      ? [`${missing} times an instance missed a change that it should have dropped and served`]
      : []),
  ];
}
