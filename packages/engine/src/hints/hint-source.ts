// What the engine asks of anything that can ring for a round. A hint is never trusted and never needed; a source that
// goes silent costs up to a round period of lag, and is noticed by comparing with what rounds find.
import type { Watch } from '@tidemark/protocol';
import type { LossCounts, FoundChange, Settled } from './loss-meter.ts';

export type HintState = 'joining' | 'listening' | 'silent' | 'refused' | 'closed';

export interface HintStatus {
  readonly name: string;
  readonly state: HintState;
  /** Hints heard. */
  readonly heard: number;
  /** Times that a round found what the source should have announced and did not. */
  readonly silences: number;
  /** Channels that were given up for another one; absent where a source has none of its own. */
  readonly rebuilds?: number;
  /** What became of the changes that it has to announce; absent where nobody can tell which those are. */
  readonly announced?: LossCounts;
  /** Why the state is not `listening`. */
  readonly reason?: string;
}

export interface Hint {
  /** What it announces may not be visible yet. */
  readonly mayBeEarly?: boolean;
  /** Only the rounds of its namespace start; absent: anything may have changed. */
  readonly table?: string;
  /** It is not about rows: a glance would not find it. */
  readonly needsRound?: boolean;
}

export interface HintHost {
  /** Starts a round now. */
  ring(hint?: Hint): void;
  /** An instance asks that a prefix be watched. */
  watchPrefix(table: string, prefix: string): void;
  /** It is known what became of a change. For whoever measures. */
  settle?(hint: string, settled: Settled): void;
}

/** What a round found. */
export interface FoundByRound {
  /** The changes were made known after this monotonic time. */
  readonly sinceMs: number;
  readonly tables: readonly string[];
  /** One by one, where the journal can tell. */
  readonly changes: readonly FoundChange[];
}

export interface HintSource {
  start(host: HintHost): void;
  /** The tables that are watched now. */
  follow(watch: Watch): void;
  /** A round found changes: what has to announce them has announced them, or does so within its grace. */
  expect(found: FoundByRound): void;
  status(): HintStatus[];
  close(): Promise<void>;
}
