// What the reads of a window have shown, and what several windows count up to. Pure.
import type { Readings } from './messages.ts';

/** `stale`: to the end of the window nothing else was read. `ended`: the process of the instance did. */
export type Outcome = 'fresh' | 'stale' | 'ended';

/** @param readings null: the process of the instance has ended */
export function outcomeOf(readings: Readings | null): Outcome {
  if (readings === null) return 'ended';
  if (readings.fresh > 0) return 'fresh';
  if (readings.stale > 0) return 'stale';
  throw new Error(`none of ${readings.failed} reads had an answer`);
}

/** The share of reads that got an error, or nothing in time. */
export function unansweredOf({ fresh, stale, failed }: Readings): number {
  return failed / (fresh + stale + failed);
}

/** `3 of 5`, and of how many the process ended. */
export function countText(outcomes: readonly Outcome[]): string {
  const count = (wanted: Outcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  const ended = count('ended');
  const text = `${count('stale')} of ${outcomes.length}`;
  return ended === 0 ? text : `${text}, ${ended} ended`;
}
