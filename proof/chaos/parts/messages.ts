// What the processes of a fault run say to each other over IPC. Owns the words; each process parses what it expects.
import type { Commit } from '../judge/commits.ts';

/** Cache-aside with pub/sub DEL is judged by the same checker: the control that must fail. */
export type Contestant = 'tidemark' | 'naive';

/** What a process needs to know to start; travels as its only argument. */
export interface InstanceSettings {
  readonly contestant: Contestant;
  readonly slot: number;
  readonly seed: number;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly boundMs: number;
  /** Embedded: the instance runs rounds, unless somebody else does, over a connection of its own. */
  readonly engine?: { readonly databaseUrl: string; readonly roundEveryMs: number };
}

export interface WriterSettings {
  readonly seed: number;
  readonly databaseUrl: string;
}

/** Everything is asked, and answered with the same number: what was said before an answer has arrived with it. */
export type Question =
  /** Readers and writers rest; answered when nothing is under way and every write has a known outcome. */
  | { readonly kind: 'rest'; readonly readers: boolean }
  | { readonly kind: 'go' }
  /** Sends what has been read so far; answered with the loads since the last time. */
  | { readonly kind: 'flush' }
  | { readonly kind: 'status' }
  /** Closes the cache, as an application does before it ends; nothing is read from it afterwards. */
  | { readonly kind: 'close' }
  /** Reads every row once; answered with the versions. */
  | { readonly kind: 'survey' }
  /** Asks the source for every row, and waits for none. */
  | { readonly kind: 'reload' }
  /** What the source answers arrives so much later, at most and by chance. */
  | { readonly kind: 'late'; readonly mostMs: number }
  /** Moves the clocks that the cache sees. */
  | { readonly kind: 'jump'; readonly wallMs: number; readonly monotonicMs: number };

export interface InstanceStatus {
  readonly isReady: boolean;
  /** What the instance has proved: every commit before this moment, on the shared clock, is applied; null: nothing. */
  readonly provedMs: number | null;
  readonly resets: number;
}

export type Told =
  | { readonly kind: 'started' }
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'reads'; readonly packed: Float64Array }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** What the embedded engine says of its rounds. */
  | { readonly kind: 'engine'; readonly said: EngineWord }
  | { readonly kind: 'answer'; readonly to: number; readonly answer: unknown };

/** A line of an engine's log, as far as it says who runs the rounds. */
export interface EngineWord {
  /** Empty: of none in particular. */
  readonly namespace: string;
  readonly msg: string;
  /** Where it opened one. */
  readonly generation?: number;
}

/** A read that threw. */
export interface Failure {
  readonly key: number;
  readonly startMs: number;
  /** The source failed: the only error that may reach a caller (R4). */
  readonly isSource: boolean;
  readonly reason: string;
}

export interface Asked {
  readonly number: number;
  readonly question: Question;
}
