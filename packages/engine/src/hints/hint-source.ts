// What the engine asks of anything that can ring for a round. A hint is never trusted and never needed; a source that
// goes silent costs up to a round period of lag, and is noticed by comparing with what rounds find.
import type { Watch } from '@tidemark/protocol';

export type HintState = 'joining' | 'listening' | 'silent' | 'refused' | 'closed';

export interface HintStatus {
  readonly name: string;
  readonly state: HintState;
  /** Hints heard. */
  readonly heard: number;
  /** Times that a round found what the source should have announced and did not. */
  readonly silences: number;
  /** Why the state is not `listening`. */
  readonly reason?: string;
}

export interface Hint {
  /** What it announces may not be visible yet. */
  readonly mayBeEarly?: boolean;
  /** Only the rounds of its namespace start; absent: anything may have changed. */
  readonly table?: string;
}

export interface HintHost {
  /** Starts a round now. */
  ring(hint?: Hint): void;
  /** An instance asks that a prefix be watched. */
  watchPrefix(table: string, prefix: string): void;
}

export interface HintSource {
  start(host: HintHost): void;
  /** The tables that are watched now. */
  follow(watch: Watch): void;
  /** A round found changes of these tables that were made known after this monotonic time. */
  expectSince(sinceMs: number, tables: readonly string[]): void;
  status(): HintStatus[];
  close(): Promise<void>;
}
