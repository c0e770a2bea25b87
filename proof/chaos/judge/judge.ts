// The checker: what a recorded history breaks. A pure function of commits and reads, run when both are complete, so that
// no late message can make a wrong read look right.
//
// A read that began at s and answered version v is stale when the commit that overtook v was known before s; its
// staleness is s minus that moment. R1: at most B. R3 and `fresh`: none at all. Reads count from the moment at which the
// writer KNEW of the commit, never from the commit itself: the checker may acquit a guilty read by one round trip to the
// database, and never convicts an innocent one.
import type { Commits } from './commits.ts';
import { findSteps, type Steps } from './monotonic.ts';
import type { Read, ReadLog } from './reads.ts';

export interface Loss {
  /** A crash lost acknowledged commits: R1 excludes what is read between these two moments. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface History {
  readonly commits: Commits;
  /** By instance; a process that was killed and its successor are two. */
  readonly instances: readonly ReadLog[];
  readonly boundMs: number;
  readonly loss?: Loss | undefined;
}

export interface Verdict {
  readonly reads: number;
  /** Overtaken when the read began, within the bound or not. */
  readonly stale: number;
  readonly worstMs: number;
  /** R1. */
  readonly beyondBound: number;
  /** R3: reads after an own write, and reads with `fresh: true`, that were older than what was known before them. */
  readonly ownMisses: number;
  /** Versions that nobody had begun to write, or that a crash undid before the read. */
  readonly invented: number;
  readonly steps: Steps;
  /** The first few that broke something, in words. */
  readonly examples: readonly string[];
}

const maxExamples = 5;

export function judge({ commits, instances, boundMs, loss }: History): Verdict {
  const verdict = { reads: 0, stale: 0, worstMs: 0, beyondBound: 0, ownMisses: 0, invented: 0 };
  const examples: string[] = [];
  const blame = (text: string, read: Read): void => {
    if (examples.length < maxExamples) examples.push(`${text}: ${describe(read)}`);
  };
  const steps: Steps = { overlapping: 0, backwards: 0, byOrigins: {}, stalestMs: 0 };
  for (const log of instances) {
    verdict.reads += log.count;
    // A crash that loses commits takes the rows themselves back in time.
    findSteps(log, steps, { commits, untilMs: loss?.fromMs ?? Number.POSITIVE_INFINITY });
    for (const read of log) {
      const isAfterLoss = loss !== undefined && read.startMs >= loss.untilMs;
      if (loss !== undefined && read.endMs >= loss.fromMs && !isAfterLoss) continue;
      if (isInvented(commits, read, isAfterLoss)) {
        verdict.invented += 1;
        blame('a version that did not exist', read);
        continue;
      }
      const overtaking = commits.after(read.key, read.version, isAfterLoss);
      if (overtaking === undefined || overtaking.knownMs >= read.startMs) continue;
      const staleMs = read.startMs - overtaking.knownMs;
      verdict.stale += 1;
      verdict.worstMs = Math.max(verdict.worstMs, staleMs);
      if (read.origin === 'own' || read.origin === 'fresh') {
        verdict.ownMisses += 1;
        blame(`${staleMs.toFixed(1)} ms older than its call`, read);
      } else if (staleMs > boundMs) {
        verdict.beyondBound += 1;
        blame(`${staleMs.toFixed(1)} ms stale`, read);
      }
    }
  }
  return { ...verdict, steps, examples };
}

function isInvented(commits: Commits, read: Read, isAfterLoss: boolean): boolean {
  const newest = commits.lastOf(read.key);
  if (newest === undefined) return read.version >= 0;
  if (read.version > newest.version && !isAfterLoss) {
    // Not the newest any more, because a crash undid it later.
    return commits.find(read.key, read.version) === undefined;
  }
  if (read.version > newest.version) return true;
  const commit = commits.find(read.key, read.version);
  // A version in between that nobody reported belongs to a writer that was killed: only its order is known.
  if (commit === undefined) return false;
  return commit.begunMs > read.endMs || (isAfterLoss && commit.isLost);
}

function describe({ key, version, startMs, endMs, origin }: Read): string {
  const ms = (time: number): string => time.toFixed(1);
  return `row ${key}, version ${version} from ${origin}, read from ${ms(startMs)} to ${ms(endMs)}`;
}

/** With 0 of n reads wrong, the share of wrong reads is below this with 95 % confidence (the rule of three). */
export function upperBound(reads: number): number {
  return reads === 0 ? 1 : 3 / reads;
}
