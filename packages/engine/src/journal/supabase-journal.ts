// The journal through Supabase's Data API. Needs nothing but the URL and the service key.
import type { PostgrestSingleResponse, SupabaseClient } from '@supabase/supabase-js';
import { type Journal, TidemarkError } from '@tidemark/protocol';
import { parseRead } from './parse-read.ts';

/** @param supabase a client made with the service key; only rpc is used */
export function supabaseJournal(supabase: SupabaseClient): Journal {
  return {
    async read({ since, knownWatchHash, signal }) {
      const call = supabase.rpc('tidemark_changes_since', { prev: since, known_watch: knownWatchHash });
      return parseRead(dataOf(await call.abortSignal(signal)));
    },
    async nextGeneration(atLeast) {
      return Number(dataOf(await supabase.rpc('tidemark_next_generation', { at_least: atLeast })));
    },
    async invalidate(table, keys) {
      dataOf(await supabase.rpc('tidemark_invalidate', { target: table, keys }));
    },
    async addPrefix(table, prefix) {
      dataOf(await supabase.rpc('tidemark_add_prefix', { target: table, prefix }));
    },
    async prune() {
      return Number(dataOf(await supabase.rpc('tidemark_prune')));
    },
    close: () => Promise.resolve(),
  };
}

function dataOf(response: PostgrestSingleResponse<unknown>): unknown {
  if (response.error === null) return response.data;
  const { code, message } = response.error;
  throw new TidemarkError(explain(response.status, code, message), {
    code: 'JOURNAL_UNREADABLE',
    cause: response.error,
  });
}

/** What PostgREST says, turned into what to do. */
function explain(status: number, code: string, message: string): string {
  if (code === 'PGRST202') {
    return 'the journal is not installed (no function public.tidemark_changes_since): apply supabase/migrations with "supabase db push"';
  }
  if (code === 'PGRST106') {
    return 'the schema public is not exposed: add it to the exposed schemas of the Data API settings';
  }
  if (status === 401 || code === 'PGRST301') {
    return 'Supabase refused the key: set SUPABASE_SERVICE_ROLE_KEY to the service_role key of this project';
  }
  if (code === '42501') {
    return 'the key may not read the journal: it must be the service_role key, not the anon key';
  }
  if (status === 0) return `Supabase can't be reached (${message}): check SUPABASE_URL and the network`;
  return `Supabase answered ${status} ${code} to a call of the journal: ${message}`;
}
