// The context store for what is at hand: Supabase, or memory while developing. Never a cache.
import type { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import {
  createUncachedStore,
  uncachedOptionNames,
  type UncachedStoreOptions,
} from '../uncached-store/uncached-store.ts';
import type { ConversationContextStore } from './context-store.ts';
import { InMemoryConversationContextStore } from './in-memory-context-store.ts';
import { SupabaseConversationContextStore } from './supabase-context-store.ts';

export interface ConversationContextStoreOptions extends UncachedStoreOptions {
  /** For memory: the rows of the conversation store; without them every conversation counts as there. */
  readonly memory?: InMemoryConversationData;
}

const optionNames: Readonly<Record<keyof ConversationContextStoreOptions, true>> = {
  ...uncachedOptionNames,
  memory: true,
};

/**
 * Supabase: on it. Without, or with `COPILOT_CONVERSATIONS_MODE=memory`: in memory, in development and test only. Logs
 * which, and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationContextStore(
  options: ConversationContextStoreOptions = {},
): ConversationContextStore {
  return createUncachedStore<ConversationContextStore>(
    {
      factory: 'createConversationContextStore',
      component: 'conversation-context-store',
      optionNames,
      onSupabase: (supabase, table) => new SupabaseConversationContextStore(supabase, table),
      inMemory: () => new InMemoryConversationContextStore(options.memory),
    },
    options,
  );
}
