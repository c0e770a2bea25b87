// The execution context store for what is at hand: Supabase, or memory while developing. Never a cache.
import {
  createUncachedStore,
  uncachedOptionNames,
  type UncachedStoreOptions,
} from '../uncached-store/uncached-store.ts';
import type { ExecutionContextStore } from './execution-context-store.ts';
import { InMemoryExecutionContextStore } from './in-memory-execution-context-store.ts';
import { SupabaseExecutionContextStore } from './supabase-execution-context-store.ts';

/**
 * Supabase: on it. Without, or with `COPILOT_CONVERSATIONS_MODE=memory`: in memory, in development and test only. Logs
 * which, and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createExecutionContextStore(options: UncachedStoreOptions = {}): ExecutionContextStore {
  return createUncachedStore<ExecutionContextStore>(
    {
      factory: 'createExecutionContextStore',
      component: 'execution-context-store',
      optionNames: uncachedOptionNames,
      onSupabase: (supabase, table) => new SupabaseExecutionContextStore(supabase, table),
      inMemory: () => new InMemoryExecutionContextStore(),
    },
    options,
  );
}
