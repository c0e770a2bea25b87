// The journal over a direct PostgreSQL connection: about a tenth of the delay of the Data API, so rounds may be more
// frequent. Works through a transaction pooler too: no session state is used.
import { type Journal, TidemarkError } from '@tidemark/protocol';
import { Pool } from 'pg';
import { glanceBy } from './glance-by.ts';
import type { JournalProblem } from './journal-problem.ts';
import { parseRead } from './parse-read.ts';
import { admitLoss, toPrev } from './snapshot.ts';

export interface PostgresJournalOptions {
  /** A role that may execute the functions `public.tidemark_*`, e.g. the owner or service_role. */
  readonly connectionString: string;
  /** Deadline of one statement in milliseconds; default 2,000. */
  readonly statementTimeoutMs?: number;
  /** Deadline of a pruning, which may delete 50,000 rows, and which no round waits for; default 30,000. */
  readonly pruneTimeoutMs?: number;
}

/** @returns a journal with a pool of two connections, opened when first used */
export function postgresJournal(options: PostgresJournalOptions): Journal {
  const { connectionString, statementTimeoutMs = 2_000, pruneTimeoutMs = 30_000 } = options;
  const pool = new Pool({
    connectionString,
    max: 2,
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
    application_name: 'tidemark',
  });
  // An idle connection that breaks is replaced at the next read; without a listener it would end the process.
  pool.on('error', () => {});

  async function call(
    text: string,
    values: readonly unknown[],
    timeoutMs = statementTimeoutMs,
  ): Promise<unknown> {
    try {
      const query = { text, values: [...values], query_timeout: timeoutMs };
      const result = await pool.query<{ answer: unknown }>(query);
      return result.rows[0]?.answer;
    } catch (error) {
      const { code, sentence } = explain(error);
      throw new TidemarkError(sentence, { code, cause: error });
    }
  }

  return {
    async read({ since, knownWatchHash, signal }) {
      signal.throwIfAborted();
      const values = [toPrev(since), knownWatchHash];
      const answer = await call('select public.tidemark_changes_since($1, $2) as answer', values);
      return admitLoss(parseRead(answer), since);
    },
    glance: glanceBy((prev, timeoutMs) =>
      call('select public.tidemark_glance($1) as answer', [prev], timeoutMs),
    ),
    async nextGeneration(atLeast) {
      return Number(await call('select public.tidemark_next_generation($1) as answer', [atLeast]));
    },
    async invalidate(table, keys) {
      await call('select public.tidemark_invalidate($1, $2) as answer', [table, keys]);
    },
    async addPrefix(table, prefix) {
      await call('select public.tidemark_add_prefix($1, $2) as answer', [table, prefix]);
    },
    async prune() {
      return Number(await call('select public.tidemark_prune() as answer', [], pruneTimeoutMs));
    },
    close: () => pool.end(),
  };
}

function explain(error: unknown): JournalProblem {
  const { code, message } = error as { code?: string; message?: string };
  if (code === '42883') {
    return {
      code: 'JOURNAL_NOT_INSTALLED',
      sentence:
        'the journal is not installed (no function public.tidemark_changes_since): apply supabase/migrations',
    };
  }
  if (code === '42501') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence: 'the database role may not read the journal: connect as its owner or service_role',
    };
  }
  if (code === '28P01' || code === '28000') {
    return {
      code: 'JOURNAL_KEY_REFUSED',
      sentence: 'PostgreSQL refused the user or the password of DATABASE_URL',
    };
  }
  if (code === '3D000') {
    return {
      code: 'JOURNAL_NOT_FOUND',
      sentence: 'the server of DATABASE_URL has no such database: check the name at the end of the URL',
    };
  }
  return {
    code: 'JOURNAL_UNREADABLE',
    sentence: `PostgreSQL can't be asked for changes (${message ?? 'unknown error'}): check DATABASE_URL, the server and the network`,
  };
}
