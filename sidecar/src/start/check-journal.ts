// Reads the journal once before anything is served: what only a person can put right ends the start, what may pass by
// itself does not.
import { isLastingProblem } from '@tidemark/engine';
import { type Clock, deadlineIn, type Journal, TidemarkError } from '@tidemark/protocol';
import type { CheckResult } from './check-result.ts';

/** Enough for a project that wakes up; a start is not held longer by a database that is down. */
const journalDeadlineMs = 5_000;

export async function checkJournal(journal: Journal, clock: Clock): Promise<CheckResult> {
  using deadline = deadlineIn(clock, journalDeadlineMs);
  try {
    const read = await journal.read({ since: null, knownWatchHash: null, signal: deadline.signal });
    if (!read.isInRecovery) return { kind: 'fine' };
    return {
      kind: 'unavailable',
      problem: 'the database is a standby or in recovery: rounds begin once it is the primary',
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const isLasting = error instanceof TidemarkError && isLastingProblem(error.code);
    return { kind: isLasting ? 'misconfigured' : 'unavailable', problem };
  }
}
