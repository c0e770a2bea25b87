// Reads that went back in time on one instance. Two kinds, told apart because only one of them says anything: reads that
// overlapped, and are recorded in the order in which they ended by accident; and reads that began after a newer answer
// had been given. The second kind is allowed within the bound (a newer value that came straight from the source can be
// followed by an older one from L2 before the round; docs/chaos.md has the steps), so each is counted with where both
// answers came from, and with how old the stalest was.
import type { Commits } from './commits.ts';
import type { Origin, Read, ReadLog } from './reads.ts';

export interface Steps {
  /** Older than an answer that was given while this read was under way. */
  overlapping: number;
  /** Older than an answer that was given before this read began. */
  backwards: number;
  /** The second kind by origins: `source>L2` is an older answer of L2 after a newer one of the source. */
  byOrigins: Record<string, number>;
  /** Of the second kind: how long ago the stalest had been overtaken, as far as anybody knew. */
  stalestMs: number;
}

interface Newest {
  version: number;
  origin: Origin;
}

/** Adds the steps of one instance to `steps`; of reads that ended before `untilMs`. */
export function findSteps(
  log: ReadLog,
  steps: Steps,
  { commits, untilMs }: { readonly commits: Commits; readonly untilMs: number },
): void {
  const byKey = new Map<number, Read[]>();
  for (const read of log) {
    if (read.endMs >= untilMs) continue;
    const reads = byKey.get(read.key);
    if (reads === undefined) byKey.set(read.key, [read]);
    else reads.push(read);
  }
  for (const reads of byKey.values()) findStepsOfKey(reads, steps, commits);
}

function findStepsOfKey(reads: readonly Read[], steps: Steps, commits: Commits): void {
  const byStart = reads.toSorted((a, b) => a.startMs - b.startMs);
  const byEnd = reads.toSorted((a, b) => a.endMs - b.endMs);
  const before: Newest = { version: -1, origin: 'source' };
  let ended = 0;
  for (const read of byStart) {
    for (let next = byEnd[ended]; next !== undefined && next.endMs < read.startMs; next = byEnd[ended]) {
      if (next.version >= before.version)
        Object.assign(before, { version: next.version, origin: next.origin });
      ended += 1;
    }
    if (read.version < before.version) {
      steps.backwards += 1;
      const origins = `${before.origin}>${read.origin}`;
      steps.byOrigins[origins] = (steps.byOrigins[origins] ?? 0) + 1;
      const overtaking = commits.after(read.key, read.version, false);
      steps.stalestMs = Math.max(steps.stalestMs, read.startMs - (overtaking?.knownMs ?? read.startMs));
    } else if (wasOvertakenUnderWay(byEnd, ended, read)) {
      steps.overlapping += 1;
    }
  }
}

/** Whether an answer that ended between the start and the end of the read was newer. */
function wasOvertakenUnderWay(byEnd: readonly Read[], from: number, read: Read): boolean {
  for (let at = from; at < byEnd.length; at += 1) {
    const other = byEnd[at];
    if (other === undefined || other.endMs >= read.endMs) return false;
    if (other.version > read.version) return true;
  }
  return false;
}
