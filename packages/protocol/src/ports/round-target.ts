// Where the result of a round goes: Redis (for all instances), or one cache in this process (the no-Redis mode).
import type { Cursor, JournalGlance, JournalRead } from './journal.ts';

export type Begun =
  /** The journal is to be read from here; null: only the present is wanted. */
  | { readonly kind: 'begun'; readonly cursor: Cursor | null; readonly knownWatchHash: string | null }
  /** Somebody else runs the rounds. */
  | { readonly kind: 'standby' };

export interface RoundOutcome {
  /** False when another sidecar was faster and nothing was published. */
  readonly isPublished: boolean;
  /** How many keys the round named; a whole table counts as one. */
  readonly changed: number;
  /** True when more is known to wait: the next round should follow at once. */
  readonly wantsMore: boolean;
  /** The generation that the round began, and whether it goes on from a position that instances may stand at. */
  readonly opened?: { readonly generation: number; readonly isLinked: boolean };
}

export interface RoundTarget {
  /** Before the journal is read: whatever was committed up to here will be in what this round publishes. */
  begin(): Promise<Begun>;
  /** After the journal was read. Rejects when it can't be known whether the round was published. */
  publish(read: JournalRead): Promise<RoundOutcome>;
  /** Where a glance may go on from; null while only a round will do. Absent where there are no glances. */
  glanceFrom?(): Cursor | null;
  /**
   * Publishes what a glance found, and proves nothing: no round is begun or done by it.
   *
   * @returns null when only a round can find out what it means; nothing was published then
   */
  publishGlance?(glance: JournalGlance): Promise<RoundOutcome | null>;
  /** The journal can't be read for now: leaves the way free for another process, where there may be one. */
  abandon?(): void;
}
