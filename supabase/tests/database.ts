// A real PostgreSQL with the migrations of this folder, and the calls the tests make. Owns server and connections of one
// test file; never asserts anything.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Pool } from 'pg';
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../../packages/devstack/src/postgres/index.ts';
import { until } from '../../packages/devstack/src/processes/until.ts';

export interface Change {
  readonly table: string;
  readonly keys: readonly string[] | null;
}

interface WatchedTable {
  readonly namespace: string;
  readonly prefixes: readonly string[];
  readonly problem: string | null;
}

/** What `tidemark_changes_since` returns. */
export interface Answer {
  readonly snapshot: string;
  readonly server: {
    readonly recovery: boolean;
    readonly startedAt: string;
    readonly recoveredAt: string | null;
    readonly systemId: string | null;
    readonly timeline: number | null;
  };
  readonly wentBack: boolean;
  readonly pruned: boolean;
  readonly watchHash: string;
  readonly watch: Readonly<Record<string, WatchedTable>> | null;
  readonly changes: readonly Change[];
  /** Table, transaction, milliseconds since its last row of the table. */
  readonly transactions: readonly (readonly [table: string, xid: string, ageMs: number])[];
}

export type ApiRole = 'anon' | 'authenticated' | 'service_role';

type Row = Record<string, unknown>;

const migrationsFolder = path.join(import.meta.dirname, '../migrations');

export class TestDatabase {
  readonly server: PostgresServer;
  readonly #pool: Pool;
  #sessions: Client[] = [];
  #tables = 0;

  static async start(options?: PostgresOptions): Promise<TestDatabase> {
    const database = new TestDatabase(await startPostgres(options));
    await database.migrate();
    await database.sql('create schema app');
    return database;
  }

  private constructor(server: PostgresServer) {
    this.server = server;
    this.#pool = new Pool({ connectionString: server.url, max: 4 });
    // A test that restarts the server ends idle connections.
    this.#pool.on('error', () => {});
  }

  /** As `supabase db push` does it: the files in the order of their names, each in one transaction. */
  async migrate(): Promise<void> {
    const names = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql'));
    for (const name of names.sort())
      await this.sql(await readFile(path.join(migrationsFolder, name), 'utf8'));
  }

  /** As `postgres`, the owner of everything, in a transaction of its own. */
  async sql<T extends Row = Row>(text: string, values?: readonly unknown[]): Promise<T[]> {
    // Without parameters the text may hold several statements.
    const result =
      values === undefined ? await this.#pool.query<T>(text) : await this.#pool.query<T>(text, [...values]);
    return result.rows;
  }

  /** A connection of its own, until `endSessions`. */
  async session(role: 'postgres' | 'supabase_admin' = 'postgres'): Promise<Client> {
    const client = new Client({ connectionString: this.server.urlFor(role) });
    client.on('error', () => {});
    await client.connect();
    this.#sessions.push(client);
    return client;
  }

  /** After each test: what one left open, perhaps because it failed, must not block the next one. */
  async endSessions(): Promise<void> {
    const sessions = this.#sessions;
    this.#sessions = [];
    await Promise.allSettled(sessions.map((client) => client.end()));
  }

  /** Until a session waits for a lock that another one holds. */
  async someoneWaits(): Promise<void> {
    const waiting = `
      select from pg_locks join pg_stat_activity using (pid) where not granted and backend_type = 'client backend'
    `;
    await until(async () => (await this.sql(waiting)).length > 0, { what: 'a session to wait for a lock' });
  }

  /** As the Data API does it: a role and the claims of a token, for one transaction. */
  async as<T extends Row = Row>(role: ApiRole, text: string, claims: Row = {}): Promise<T[]> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      await client.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
        role,
        JSON.stringify({ role, ...claims }),
      ]);
      const result = await client.query<T>(text);
      await client.query('commit');
      return result.rows;
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  /** A new table `app.<something>`. */
  async table(columns = 'id text primary key, value integer default 0', options = ''): Promise<string> {
    this.#tables += 1;
    const table = `app.table_${this.#tables}`;
    await this.sql(`create table ${table} (${columns}) ${options}`);
    return table;
  }

  async trackedTable(columns?: string, key = 'id'): Promise<string> {
    const table = await this.table(columns);
    await this.track(table, key);
    return table;
  }

  async track(table: string, key = 'id', prefixes: readonly string[] = []): Promise<void> {
    await this.sql('select tidemark.track($1, $2, $3)', [table, key, prefixes]);
  }

  async changesSince(prev: string | null = null, knownWatch: string | null = null): Promise<Answer> {
    const rows = await this.sql<{ answer: Answer }>(
      'select public.tidemark_changes_since($1, $2) as answer',
      [prev, knownWatch],
    );
    return rows[0]!.answer;
  }

  async glance(prev: string): Promise<Omit<Answer, 'watch' | 'watchHash'>> {
    const rows = await this.sql<{ answer: Answer }>('select public.tidemark_glance($1) as answer', [prev]);
    return rows[0]!.answer;
  }

  /** What `act` leaves in the journal for the table: the keys of each row, in the order of writing, sorted. */
  async journaled(table: string, act: () => Promise<unknown>): Promise<(string[] | null)[]> {
    const [before] = await this.sql<{ id: string }>('select coalesce(max(id), 0) as id from tidemark.change');
    await act();
    const rows = await this.sql<{ keys: string[] | null }>(
      'select keys from tidemark.change where tbl = $1 and id > $2 order by id',
      [table, before!.id],
    );
    return rows.map(({ keys }) => keys?.sort() ?? null);
  }

  async problemOf(table: string): Promise<string | null> {
    const { watch } = await this.changesSince();
    return watch![table]!.problem;
  }

  async close(): Promise<void> {
    await this.endSessions();
    await this.#pool.end();
    await this.server.close();
  }
}
