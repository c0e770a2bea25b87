// The context store for what is at hand: Supabase, or memory while developing. Never a cache.
import { createUncachedStore, type UncachedStoreOptions } from '../uncached-store/uncached-store.ts';
import type { ConversationContextStore } from './context-store.ts';
import { InMemoryConversationContextStore } from './in-memory-context-store.ts';
import { SupabaseConversationContextStore } from './supabase-context-store.ts';

/**
 * Supabase: on it. Without, or with `COPILOT_CONVERSATIONS_MODE=memory`: in memory, in development and test only. Logs
 * which, and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationContextStore(options: UncachedStoreOptions = {}): ConversationContextStore {
  return createUncachedStore<ConversationContextStore>(
    {
      factory: 'createConversationContextStore',
      component: 'conversation-context-store',
      onSupabase: (supabase, table) => new SupabaseConversationContextStore(supabase, table),
      inMemory: () => new InMemoryConversationContextStore(),
    },
    options,
  );
}
