// The outcome of a checked run, for people.
import type { Outcome } from './outcome.ts';

export function summaryOf(outcome: Outcome, boundMs: number): string {
  const { instances, changes, hints, dropMs, freshMs, answers, withinBound, oldestMs } = outcome;
  const rows = [
    ['changes', `${changes}, seen by ${instances} instances, hints: ${hints}`],
    ['commit to dropped', `p50 ${dropMs.p50} ms, p99 ${dropMs.p99} ms`],
    ['commit to new row served', `p50 ${freshMs.p50} ms, p99 ${freshMs.p99} ms`],
    ['answers checked', answers.toLocaleString('en')],
    ['old for less than the bound', `${withinBound.toLocaleString('en')}, the oldest by ${oldestMs} ms`],
    [`old beyond the bound (${boundMs} ms)`, String(outcome.beyondBound)],
    ['old at the end', String(outcome.survivors)],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  const verdict =
    outcome.problems.length === 0
      ? 'No instance served a stale answer beyond the bound.'
      : outcome.problems.map((problem) => `FAILED: ${problem}.`).join('\n');
  return [
    '',
    ...table,
    '',
    'Medians are over the single-row changes made while nothing was being restarted or frozen.',
    verdict,
  ].join('\n');
}
