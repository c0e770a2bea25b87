// One app instance on the local stack: its own clients, its own cache, the rounds embedded. Several of them share
// nothing but PostgreSQL and Redis.
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { createCache, type Cache } from '@tidemark/cache';
import { createEngine, supabaseJournal } from '@tidemark/engine';
import type { CachingOptions } from '../cached-store/cached-store.ts';
import { CachingPolicyStore } from '../policy/caching-policy-store.ts';
import { SupabasePolicyStore } from '../policy/supabase-policy-store.ts';

/** What of a stack an instance needs; plain data, so that it can be sent to another process. */
export interface StackAddress {
  readonly url: string;
  readonly serviceRoleKey: string;
  readonly redisUrl: string;
}

export interface PolicyInstanceOptions extends CachingOptions {
  /** False: nobody runs rounds here. Default true. */
  readonly hasEngine?: boolean;
}

export interface PolicyInstance extends AsyncDisposable {
  readonly supabase: SupabaseClient;
  readonly cache: Cache;
  readonly source: SupabasePolicyStore;
  readonly store: CachingPolicyStore;
}

export function connectSupabase({ url }: Pick<StackAddress, 'url'>, key: string): SupabaseClient {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: (input, init) => fetch(input, { ...init, cache: 'no-store' }) },
  });
}

export function openInstanceCache(
  address: StackAddress,
  supabase: SupabaseClient,
  hasEngine: boolean,
): Cache {
  return createCache({
    redis: address.redisUrl,
    ...(hasEngine && { engine: createEngine({ journal: supabaseJournal(supabase) }) }),
  });
}

export function startPolicyInstance(
  address: StackAddress,
  { hasEngine = true, ...options }: PolicyInstanceOptions = {},
): PolicyInstance {
  const supabase = connectSupabase(address, address.serviceRoleKey);
  const cache = openInstanceCache(address, supabase, hasEngine);
  const source = new SupabasePolicyStore(supabase);
  const store = new CachingPolicyStore(source, cache, options);
  return { supabase, cache, source, store, [Symbol.asyncDispose]: () => cache.close() };
}
