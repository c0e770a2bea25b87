// The interface of everything that keeps policies. The variants (in memory, Supabase, caching) are interchangeable and
// pass one conformance suite; a policy has no other way in or out.
import type { ReadOptions, WriteOptions } from '../store-options.ts';
import type { TenantLlmPolicy } from './policy.ts';

export interface LlmPolicyStore {
  /**
   * The table as the journal names it (`schema.table`), for whoever caches this store; absent when no PostgreSQL table
   * is behind it.
   */
  readonly table?: string;

  /**
   * @returns null when the tenant has no policy
   * @throws InvalidInputError, SourceError, InvalidRowError; never returns a policy it isn't sure of
   */
  getPolicy(tenantId: string, options?: ReadOptions): Promise<TenantLlmPolicy | null>;

  /**
   * Replaces the tenant's policy as a whole: a field that is absent here is absent afterwards.
   *
   * @throws InvalidInputError before anything is sent; SourceError, after which the outcome may be unknown
   */
  setPolicy(policy: TenantLlmPolicy, options?: WriteOptions): Promise<void>;

  /** Does nothing when there is no policy. */
  deletePolicy(tenantId: string): Promise<void>;
}
