// The truth that every contestant caches: one table of a real PostgreSQL, and a loader that can be held after it has read
// its row, as a slow network would. Knows nothing of caches.
import { type PostgresServer } from '@tidemark/devstack';
import { Client } from 'pg';
import type { Row } from './cached-rows.ts';

export const table = 'public.items';

/** The table, followed by the journal. */
export async function createItems({ url }: PostgresServer): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create table ${table} (id text primary key, version integer not null)`);
  await client.query('select tidemark.track($1, $2)', [table, 'id']);
  await client.end();
}

export class Source {
  readonly #client: Client;
  readonly #held = new Map<string, Hold>();

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(databaseUrl: string): Promise<Source> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    return new Source(client);
  }

  async load(key: string): Promise<Row> {
    const { rows } = await this.#client.query<Row>(`select version from ${table} where id = $1`, [key]);
    const [row] = rows;
    if (row === undefined) throw new Error(`there is no row ${key}`);
    const hold = this.#held.get(key);
    hold?.isRead.resolve();
    await hold?.isReleased.promise;
    return { version: row.version };
  }

  async write(key: string, version: number): Promise<void> {
    const text = `insert into ${table} values ($1, $2) on conflict (id) do update set version = $2`;
    await this.#client.query(text, [key, version]);
  }

  /** @returns resolves when a load of the key has read its row, and waits */
  hold(key: string): Promise<void> {
    const hold = { isRead: Promise.withResolvers<void>(), isReleased: Promise.withResolvers<void>() };
    this.#held.set(key, hold);
    return hold.isRead.promise;
  }

  release(key: string): void {
    this.#held.get(key)?.isReleased.resolve();
    this.#held.delete(key);
  }
}

interface Hold {
  readonly isRead: PromiseWithResolvers<void>;
  readonly isReleased: PromiseWithResolvers<void>;
}
