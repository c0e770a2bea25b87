// The policy store for what is at hand: Supabase behind the cache, Supabase alone, or memory while developing.
import { createCacheableStore, type CacheableStoreOptions } from '../cached-store/create-cacheable-store.ts';
import { CachingPolicyStore } from './caching-policy-store.ts';
import { InMemoryPolicyStore } from './in-memory-policy-store.ts';
import type { LlmPolicyStore } from './policy-store.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

export interface PolicyStoreOptions extends CacheableStoreOptions {
  /** Default: `POLICY_CACHE_TTL_SECONDS`, else 300. */
  readonly cacheTtlSeconds?: number;
}

/**
 * Supabase and a cache: cached. Supabase alone: plain. Neither: in memory, in development and test only. Logs which,
 * and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createPolicyStore(options: PolicyStoreOptions = {}): LlmPolicyStore {
  return createCacheableStore<LlmPolicyStore, SupabasePolicyStore>(
    {
      factory: 'createPolicyStore',
      component: 'policy-store',
      what: 'policy store',
      flag: 'policyCache',
      ttl: 'policy',
      onSupabase: (supabase, table) => new SupabasePolicyStore(supabase, table),
      caching: (source, cache, caching) => new CachingPolicyStore(source, cache, caching),
      inMemory: () => new InMemoryPolicyStore(),
    },
    options,
  );
}
