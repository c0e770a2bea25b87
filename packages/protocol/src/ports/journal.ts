// What a round asks of the source of changes. Implemented by the engine over Supabase's rpc and over a direct
// PostgreSQL connection; for tables without triggers by Realtime alone.
import type { ChangedKeys } from '../wire/changes.ts';
import type { Watch } from '../wire/watch.ts';

/** Where reading goes on, and under which server and watch it was valid. Stored in Redis beside the head. */
export interface Cursor {
  /** A PostgreSQL snapshot: all that is visible in it has been read. */
  readonly snapshot: string;
  /** Identity of the server: start time, system id, timeline. A snapshot of another server means nothing. */
  readonly server: string;
  readonly watchHash: string;
}

export interface TableChange {
  readonly table: string;
  readonly keys: ChangedKeys;
}

/** A transaction that changed a table. Lets what Realtime announced be recognised; nothing that is proved rests on it. */
export interface TableTransaction {
  readonly table: string;
  readonly xid: string;
  /** How long before the read it wrote its last row of the table, both times of the server's own clock. */
  readonly ageMs: number;
}

/** What a glance finds. It did not look at the watch: that these are all changes is not proved by it. */
export interface JournalGlance {
  /**
   * The cursor to go on from, once `changes` are known to everybody. That of a glance has the watch of the cursor before
   * it, so that the next round finds out whether it still is the same one.
   */
  readonly cursor: Cursor;
  /** True on a standby or a server in recovery: nothing it says proves anything. */
  readonly isInRecovery: boolean;
  /** True when the server's present does not contain the given snapshot: it lost commits. */
  readonly wentBack: boolean;
  /** True when changes after the given snapshot may have been pruned unread. */
  readonly wasPruned: boolean;
  /** All that became visible between the given snapshot and this read. */
  readonly changes: readonly TableChange[];
  /** Where `changes` come from, the newest of them at least; absent where the journal can't tell. */
  readonly transactions?: readonly TableTransaction[];
}

export interface JournalRead extends JournalGlance {
  /** null when the caller knows it already (`knownWatchHash`). */
  readonly watch: Watch | null;
}

export interface GlanceRequest {
  readonly since: Cursor;
  /** Deadline; what comes later is of no use. */
  readonly timeoutMs: number;
}

export interface JournalRequest {
  /** The snapshot of the last cursor; null asks for no changes, only where the present is. */
  readonly since: string | null;
  readonly knownWatchHash: string | null;
  readonly signal: AbortSignal;
}

/** Rows that one call of `prune` removes at most; so many mean that there may be more. */
export const pruneLimit = 50_000;

export interface Journal {
  read(request: JournalRequest): Promise<JournalRead>;
  /** What changed, at a fraction of the cost of `read`. Absent, or null, where there is no such thing. */
  glance?(request: GlanceRequest): Promise<JournalGlance | null>;
  /** A number greater than `atLeast` and than every number given out before, by whomever. */
  nextGeneration(atLeast: number): Promise<number>;
  /** Writes a change by hand, as reliable as one that a trigger wrote. */
  invalidate(table: string, keys: ChangedKeys): Promise<void>;
  /** Adds an L2 prefix to the watch of a table. */
  addPrefix(table: string, prefix: string): Promise<void>;
  /** Removes what every cursor of the last hour has seen. @returns the number of rows, {@link pruneLimit} at most */
  prune(): Promise<number>;
  close(): Promise<void>;
}

/** Whether changes since `before` are the whole truth: same server, same watch, nothing lost in between. */
export function isContinuous(before: Cursor, read: JournalGlance): boolean {
  return (
    !read.wentBack &&
    !read.wasPruned &&
    before.server === read.cursor.server &&
    before.watchHash === read.cursor.watchHash
  );
}
