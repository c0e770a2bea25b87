// Glances at the journal, whatever way the call takes. Owns whether the database has them at all: with migrations of
// before, or without the grant, rounds do without them, only slower.
import { type GlanceRequest, type JournalGlance, TidemarkError } from '@tidemark/protocol';
import { isLastingProblem } from './journal-problem.ts';
import { parseGlance } from './parse-read.ts';
import { toPrev } from './snapshot.ts';

/** @param ask calls `tidemark_glance`; rejects with a code of journal-problem.ts */
export function glanceBy(
  ask: (prev: string, timeoutMs: number) => Promise<unknown>,
): (request: GlanceRequest) => Promise<JournalGlance | null> {
  let isOffered = true;
  return async ({ since, timeoutMs }) => {
    const prev = toPrev(since.snapshot);
    if (!isOffered || prev === null) return null;
    try {
      return parseGlance(await ask(prev, timeoutMs), since);
    } catch (error) {
      if (!(error instanceof TidemarkError && isLastingProblem(error.code))) throw error;
      isOffered = false;
      return null;
    }
  };
}
