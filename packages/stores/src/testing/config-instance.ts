// One app instance on the local stack that serves configs: its own clients, its own cache.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Cache } from '@tidemark/cache';
import { CachingConversationConfigStore } from '../config/caching-config-store.ts';
import { SupabaseConversationConfigStore } from '../config/supabase-config-store.ts';
import {
  connectSupabase,
  openInstanceCache,
  type PolicyInstanceOptions,
  type StackAddress,
} from './policy-instance.ts';

export interface ConfigInstance extends AsyncDisposable {
  readonly supabase: SupabaseClient;
  readonly cache: Cache;
  readonly source: SupabaseConversationConfigStore;
  readonly store: CachingConversationConfigStore;
}

export function startConfigInstance(
  address: StackAddress,
  { hasEngine = true, ...options }: PolicyInstanceOptions = {},
): ConfigInstance {
  const supabase = connectSupabase(address, address.serviceRoleKey);
  const cache = openInstanceCache(address, supabase, hasEngine);
  const source = new SupabaseConversationConfigStore(supabase);
  const store = new CachingConversationConfigStore(source, cache, options);
  return { supabase, cache, source, store, [Symbol.asyncDispose]: () => cache.close() };
}
