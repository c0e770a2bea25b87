// Reads the row that an L2 value is compared with: by public.tidemark_row, which knows each table's key, over the
// connection that the journal has, too.
import { Pool } from 'pg';
import { TidemarkError } from '@tidemark/protocol';
import type { JournalConfig } from '../config/config.ts';
import { connectSupabase, requireSupabase } from '../start/supabase-client.ts';
import type { Row } from './compare-row.ts';

export interface RowSource {
  /** @returns null when no row has the key; @throws what makes the answer unknown */
  read(table: string, encodedKey: string): Promise<Row | null>;
  close(): Promise<void>;
}

const timeoutMs = 2_000;

export function openRowSource({ databaseUrl, supabase }: JournalConfig): RowSource {
  if (databaseUrl !== undefined) return postgresRows(databaseUrl);
  const client = connectSupabase(requireSupabase(supabase));
  return {
    async read(table, encodedKey) {
      const { data, error } = await client.rpc('tidemark_row', { target: table, encoded_key: encodedKey });
      if (error !== null) throw new TidemarkError(error.message, { code: 'SOURCE_UNREADABLE', cause: error });
      return toRow(data);
    },
    close: () => Promise.resolve(),
  };
}

/** One connection: there is one question at a time. */
function postgresRows(connectionString: string): RowSource {
  const pool = new Pool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'tidemark-checker',
  });
  // An idle connection that breaks is replaced at the next read; without a listener it would end the process.
  pool.on('error', () => {});
  return {
    async read(table, encodedKey) {
      const query = {
        text: 'select public.tidemark_row($1, $2) as found',
        values: [table, encodedKey],
        query_timeout: timeoutMs,
      };
      const { rows } = await pool.query<{ found: unknown }>(query);
      return toRow(rows[0]?.found);
    },
    close: () => pool.end(),
  };
}

function toRow(answer: unknown): Row | null {
  return typeof answer === 'object' && answer !== null ? (answer as Row) : null;
}
