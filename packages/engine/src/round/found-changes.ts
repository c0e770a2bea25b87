// What a finished round found, change by change, and when each was committed: pure, for the hint sources that should have
// announced them and for whoever measures. Nothing that is proved rests on it.
import type { JournalGlance, TableChange, TableTransaction } from '@tidemark/protocol';
import type { FoundChange } from '../hints/loss-meter.ts';
import type { ObservedChange } from '../observer.ts';
import type { FinishedRound, RoundStep } from './round-steps.ts';

/**
 * The age of a change and the read that told it are of one clock, the server's; what passed since then is of this
 * process's. No time of one machine is compared with one of the other. Two things are not known exactly: when within
 * the read the server looked (the middle is taken), and how long after its last statement a transaction was committed.
 * But what the round before did not see was committed after that one began to read, which bounds the second.
 *
 * @param lastReadMs when the published round before began to read; undefined: there was none
 */
export function foundChanges(
  { steps, read }: Pick<FinishedRound, 'steps' | 'read'>,
  lastReadMs: number | undefined,
): FoundChange[] {
  const step = stepOf(steps, 'read');
  if (step === undefined) return [];
  const readMs = (step.startedMs + step.endedMs) / 2;
  return (read.transactions ?? []).map(({ table, xid, ageMs }: TableTransaction) => ({
    table,
    xid,
    madeMs: Math.max(readMs - ageMs, lastReadMs ?? Number.NEGATIVE_INFINITY),
  }));
}

/** When a round began to read. */
export function readStartOf(steps: readonly RoundStep[]): number | undefined {
  return stepOf(steps, 'read')?.startedMs;
}

/** What is told of the changes that a round published at `endedMs`. */
export function observedChanges(
  changes: readonly TableChange[],
  found: readonly FoundChange[],
  endedMs: number,
): ObservedChange[] {
  return changes.map(({ table, keys }) => ({
    table,
    keys: keys === null ? null : keys.length,
    publishedAfterMs: found
      .filter((change) => change.table === table)
      .map(({ madeMs }) => Math.max(0, endedMs - madeMs)),
  }));
}

/** The read, of the tables of one namespace alone: each namespace reads the journal for itself. */
export function readOf(read: JournalGlance, isOurs: (table: string) => boolean): JournalGlance {
  const { changes, transactions } = read;
  return {
    ...read,
    changes: changes.filter(({ table }) => isOurs(table)),
    ...(transactions && { transactions: transactions.filter(({ table }) => isOurs(table)) }),
  };
}

function stepOf(steps: readonly RoundStep[], wanted: RoundStep['name']): RoundStep | undefined {
  return steps.find(({ name }) => name === wanted);
}
