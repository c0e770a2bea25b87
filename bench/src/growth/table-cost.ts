// What a read of the journal costs as the tracked tables grow: each is looked after in each read, for its triggers may have
// been switched off meanwhile.
import path from 'node:path';
import { applyMigrations, type PostgresServer, startPostgres } from '@tidemark/devstack';
import { postgresJournal } from '@tidemark/engine';
import { systemClock } from '@tidemark/protocol';
import { Client } from 'pg';
import { median } from '../contest/statistics.ts';
import type { Point } from './fit.ts';

const migrations = path.join(import.meta.dirname, '../../../supabase/migrations');
const { signal } = new AbortController();

/** @returns milliseconds of a read that finds nothing, for each number of tables, which grow */
export async function measureTables(sizes: readonly number[], repetitions: number): Promise<Point[]> {
  await using postgres = await startPostgres();
  await applyMigrations({ databaseUrl: postgres.url, folder: migrations });
  await run(postgres, 'select tidemark.untrack(tbl) from tidemark.watch');
  const journal = postgresJournal({ connectionString: postgres.url });
  try {
    const points: Point[] = [];
    for (const [at, size] of sizes.entries()) {
      await run(postgres, trackTables((sizes[at - 1] ?? 0) + 1, size));
      const { cursor } = await journal.read({ since: null, knownWatchHash: null, signal });
      const request = { since: cursor.snapshot, knownWatchHash: cursor.watchHash, signal };
      const times: number[] = [];
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        const startedMs = systemClock.monotonicMs();
        await journal.read(request);
        times.push(systemClock.monotonicMs() - startedMs);
      }
      points.push([size, median(times)]);
    }
    return points;
  } finally {
    await journal.close();
  }
}

function trackTables(from: number, to: number): string {
  return `do $$ begin
    for i in ${from}..${to} loop
      execute format('create table public.grown_%s (id integer primary key)', i);
      perform tidemark.track('public.grown_' || i, 'id');
    end loop;
  end $$`;
}

async function run(postgres: PostgresServer, sql: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
