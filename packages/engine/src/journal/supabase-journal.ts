// The journal through Supabase's Data API. Needs nothing but the URL and the service key.
import type { PostgrestError, PostgrestSingleResponse, SupabaseClient } from '@supabase/supabase-js';
import { type Journal, TidemarkError } from '@tidemark/protocol';
import { glanceBy } from './glance-by.ts';
import type { JournalProblem } from './journal-problem.ts';
import { parseRead } from './parse-read.ts';
import { admitLoss, toPrev } from './snapshot.ts';

/** A gateway may answer with a whole page. */
const maxMessageLength = 200;

export interface SupabaseJournalOptions {
  /** Deadline of a call other than a read, whose caller sets its own. In milliseconds, default 2,000. */
  readonly callTimeoutMs?: number;
}

/** @param supabase a client made with the service key; only rpc is used */
export function supabaseJournal(supabase: SupabaseClient, options: SupabaseJournalOptions = {}): Journal {
  const { callTimeoutMs = 2_000 } = options;

  /** A fetch alone waits five minutes for a server that says nothing, and the round with it. */
  async function call(name: string, parameters: object, timeoutMs = callTimeoutMs): Promise<unknown> {
    return dataOf(await supabase.rpc(name, parameters).abortSignal(AbortSignal.timeout(timeoutMs)));
  }

  return {
    async read({ since, knownWatchHash, signal }) {
      const prev = toPrev(since);
      const asked = supabase.rpc('tidemark_changes_since', { prev, known_watch: knownWatchHash });
      const response = await asked.abortSignal(signal);
      // supabase-js turns a 404 without a body into success without data; a round's answer always has some.
      if (response.error === null && response.data === null) throw asError(notTheDataApi(404));
      return admitLoss(parseRead(dataOf(response)), since);
    },
    glance: glanceBy((prev, timeoutMs) => call('tidemark_glance', { prev }, timeoutMs)),
    async nextGeneration(atLeast) {
      return Number(await call('tidemark_next_generation', { at_least: atLeast }));
    },
    async invalidate(table, keys) {
      await call('tidemark_invalidate', { target: table, keys });
    },
    async addPrefix(table, prefix) {
      await call('tidemark_add_prefix', { target: table, prefix });
    },
    async prune() {
      // It may delete 50,000 rows, and no round waits for it.
      return Number(await call('tidemark_prune', {}, 5 * callTimeoutMs));
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
  // Before the status: without a user PostgREST says 401 to this, too.
  if (code === '42501') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence: 'the key may not read the journal: it must be the service_role key, not the anon key',
    };
  }
  if (status === 401 || code === 'PGRST301') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence:
        'Supabase refused the key: set SUPABASE_SERVICE_ROLE_KEY to the service_role key of this project',
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
