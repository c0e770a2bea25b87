// What a check says: one sentence about one thing, and what mends it where that is one command or some SQL.

/**
 * `fail`: changes may go unseen, or nothing works. `warn`: it works, and something is slower, or open to more people than
 * it should be. `skipped`: could not be judged, or has nothing to judge.
 */
export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Judgement {
  readonly status: FindingStatus;
  /** Without a full stop; what is wrong ends with what to do. */
  readonly sentence: string;
  /** Statements for a migration, whole ones. */
  readonly sql?: readonly string[];
  /** For a shell. */
  readonly command?: string;
}

export interface Finding extends Judgement {
  /** The check that says it. */
  readonly check: string;
}

export function ok(sentence: string): Judgement {
  return { status: 'ok', sentence };
}

export function skipped(sentence: string): Judgement {
  return { status: 'skipped', sentence };
}
