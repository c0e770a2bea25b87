// A client of Supabase as a server process needs it: no session to keep, nothing to refresh, no answer from a cache.
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { TidemarkError } from '@tidemark/protocol';
import type { SupabaseConfig } from '../config/supabase-setting.ts';

/** A call without an end would hold a round, and a shutdown, for ever. Rounds have shorter deadlines of their own. */
const requestTimeoutMs = 5_000;

/**
 * A resolved configuration has it wherever it is needed; one that was put together by hand may not.
 *
 * @throws TidemarkError `CONFIG_INVALID`
 */
export function requireSupabase(supabase: SupabaseConfig | undefined): SupabaseConfig {
  if (supabase !== undefined) return supabase;
  throw new TidemarkError(
    'SUPABASE_URL must be set for the journal over rpc, for hints and for best effort',
    { code: 'CONFIG_INVALID' },
  );
}

/** Each user gets a client of its own, because each closes the Realtime connection of its client. */
export function connectSupabase({ url, serviceRoleKey }: SupabaseConfig): SupabaseClient {
  return createClient(url, serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: fetchFromTheSource },
  });
}

function fetchFromTheSource(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(requestTimeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  return fetch(input, { ...init, signal, cache: 'no-store' });
}
