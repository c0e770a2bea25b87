// The conversation config store for what is at hand: Supabase behind the cache, Supabase alone, or memory while
// developing.
import { createCacheableStore, type CacheableStoreOptions } from '../cached-store/create-cacheable-store.ts';
import { CachingConversationConfigStore } from './caching-config-store.ts';
import type { ConversationConfigStore } from './config-store.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

export interface ConversationConfigStoreOptions extends CacheableStoreOptions {
  /** Default: `CONFIG_CACHE_TTL_SECONDS`, else 300. */
  readonly cacheTtlSeconds?: number;
}

/**
 * Supabase and a cache: cached. Supabase alone: plain. Neither: in memory, in development and test only. Logs which,
 * and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationConfigStore(
  options: ConversationConfigStoreOptions = {},
): ConversationConfigStore {
  return createCacheableStore<ConversationConfigStore, SupabaseConversationConfigStore>(
    {
      factory: 'createConversationConfigStore',
      component: 'config-store',
      what: 'conversation config store',
      flag: 'configCache',
      ttl: 'config',
      onSupabase: (supabase, table) => new SupabaseConversationConfigStore(supabase, table),
      caching: (source, cache, caching) => new CachingConversationConfigStore(source, cache, caching),
      inMemory: () => new InMemoryConversationConfigStore(),
    },
    options,
  );
}
