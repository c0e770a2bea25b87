// The journal through Supabase's Data API. Needs nothing but the URL and the service key.
import type { PostgrestError, PostgrestSingleResponse, SupabaseClient } from '@supabase/supabase-js';
import { type Journal, TidemarkError } from '@tidemark/protocol';
import type { JournalProblem } from './journal-problem.ts';
import { parseRead } from './parse-read.ts';

/** A gateway may answer with a whole page. */
const maxMessageLength = 200;

/** @param supabase a client made with the service key; only rpc is used */
export function supabaseJournal(supabase: SupabaseClient): Journal {
  return {
    async read({ since, knownWatchHash, signal }) {
      const call = supabase.rpc('tidemark_changes_since', { prev: since, known_watch: knownWatchHash });
      const response = await call.abortSignal(signal);
      // supabase-js turns a 404 without a body into success without data; a round's answer always has some.
      if (response.error === null && response.data === null) throw asError(notTheDataApi(404));
      return parseRead(dataOf(response));
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
  throw asError(explain(response), response.error);
}

function asError({ code, sentence }: JournalProblem, cause?: unknown): TidemarkError {
  return new TidemarkError(sentence, { code, cause });
}

/** What PostgREST says, turned into what to do. */
function explain({ status, error }: PostgrestSingleResponse<unknown>): JournalProblem {
  const code: string | undefined = error?.code;
  if (code === 'PGRST202' || code === '42883') {
    return {
      code: 'JOURNAL_NOT_INSTALLED',
      sentence:
        'the journal is not installed (no function public.tidemark_changes_since): apply supabase/migrations with "supabase db push"',
    };
  }
  if (code === 'PGRST106') {
    return {
      code: 'JOURNAL_NOT_EXPOSED',
      sentence: 'the schema public is not exposed: add it to the exposed schemas of the Data API settings',
    };
  }
  if (status === 401 || code === 'PGRST301') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence:
        'Supabase refused the key: set SUPABASE_SERVICE_ROLE_KEY to the service_role key of this project',
    };
  }
  if (code === '42501') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence: 'the key may not read the journal: it must be the service_role key, not the anon key',
    };
  }
  // PostgREST gives each of its errors a code, and success a body of JSON.
  if (status >= 200 && status < 300 ? error !== null : status === 404 && !code) return notTheDataApi(status);
  return { code: 'JOURNAL_UNREADABLE', sentence: sentenceOf(status, error) };
}

function notTheDataApi(status: number): JournalProblem {
  return {
    code: 'JOURNAL_NOT_FOUND',
    sentence: `what answers at SUPABASE_URL is not the Data API of Supabase (status ${status}): set it to the URL of the project, without a path`,
  };
}

function sentenceOf(status: number, error: PostgrestError | null): string {
  const message = error?.message.slice(0, maxMessageLength) ?? '';
  if (status !== 0)
    return `Supabase answered ${status} ${error?.code ?? ''} to a call of the journal: ${message}`;
  // "fetch failed" alone helps nobody; the network's own words are further down.
  const reason = /^Caused by: (.+)$/m.exec(error?.details ?? '')?.[1] ?? message;
  return `Supabase can't be reached (${reason}): check SUPABASE_URL and the network`;
}
