// What the processes of the freshness measurement are told, and what they tell. Every moment is a stamp of the clock
// that they share.
import type { EngineStatus } from '@tidemark/engine';

/** How the rounds read the journal. */
export type JournalPath = 'rpc' | 'direct';

/** What rings for the rounds. */
export type HintPath = 'broadcast' | 'changes' | 'direct' | 'timer';

export interface SidecarOrder {
  readonly journal: JournalPath;
  readonly hint: HintPath;
  readonly supabaseUrl: string;
  readonly serviceRoleKey: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export interface InstanceOrder {
  readonly redisUrl: string;
  /** That its one region reads. */
  readonly table: string;
}

/** A read of the journal that found these keys. Begin was answered when it started. */
export interface ReadStamp {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly keys: readonly string[];
}

/** All that was noted since the last report. */
export interface SidecarReport {
  readonly status: EngineStatus;
  readonly rungMs: readonly number[];
  readonly reads: readonly ReadStamp[];
}

export interface DropMessage {
  readonly atMs: number;
  /** null: all keys of the table. */
  readonly keys: readonly string[] | null;
}
