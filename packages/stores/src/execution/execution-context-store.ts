// The interface of everything that keeps execution contexts. The variants (in memory, Supabase) are interchangeable and
// pass one conformance suite. Never cached: two instances that disagree about a sandbox are what it is there to prevent.
import type { ReadOptions } from '../store-options.ts';
import type { ExecutionContext, ExecutionPath, ExecutionStatus } from './execution-context.ts';

/** Long enough for a user to think between two messages; an idle sandbox costs until then. */
export const defaultExecutionTtlMs: number = 30 * 60_000;

/** 24 days, the range of PostgreSQL's integer. */
export const maxExecutionTtlMs: number = 2 ** 31 - 1;

/** What the Data API answers at most. */
export const maxExpiredContexts = 1_000;

export interface CreateExecutionContextInput extends ExecutionPath {
  /**
   * The sandbox that the caller brings along. The one in the answer is another when somebody else came first: then end
   * your own and use theirs.
   */
  readonly sandboxId?: string;
  /** Milliseconds until it expires unless touched: 1 to 2,147,483,647. Default 30 minutes. */
  readonly ttlMs?: number;
}

export interface ExecutionContextStore {
  /**
   * The live context of the path: a new one with the status `creating`, or the one that is there. Of several callers at
   * the same time one creates it, and all get that one. An expired context makes room, and stays among the expired ones
   * until it is terminated.
   *
   * @throws InvalidInputError before anything is sent; SourceError, after which the outcome may be unknown: ask again
   */
  createContext(input: CreateExecutionContextInput): Promise<ExecutionContext>;

  /**
   * @returns null when the path has no live context
   * @throws InvalidInputError, SourceError, InvalidRowError
   */
  getContextByPath(path: ExecutionPath, options?: ReadOptions): Promise<ExecutionContext | null>;

  /**
   * Says that the context was used: it expires `ttlMs` from now.
   *
   * @param ttlMs 1 to 2,147,483,647 milliseconds
   * @returns null when the context is not live: what has expired can't be called back, its sandbox may be ended already
   */
  touchContext(id: string, ttlMs: number): Promise<ExecutionContext | null>;

  /**
   * @param error only with `error` or `terminated`; absent, an error of before is cleared, except by `terminated`
   * @returns null when there is no such context, or it was terminated before
   */
  updateStatus(id: string, status: ExecutionStatus, error?: string): Promise<ExecutionContext | null>;

  /**
   * Ends the context, the row stays. Does nothing to one that was terminated before.
   *
   * @returns null when there is no such context, or it was terminated before: of several callers one gets it
   */
  terminateContext(id: string): Promise<ExecutionContext | null>;

  /**
   * Contexts that expired and were not terminated, the longest expired first: end the sandbox, then the context.
   *
   * @param limit 1 to 1,000. Default 50
   */
  getExpiredContexts(limit?: number, options?: ReadOptions): Promise<readonly ExecutionContext[]>;

  /** Whether code can run there: the context is live and its status is `ready`. */
  isReady(id: string, options?: ReadOptions): Promise<boolean>;
}
