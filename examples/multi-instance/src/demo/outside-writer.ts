// The one who changes rows without knowing of the cache: a plain connection to PostgreSQL, and a clock beside it.
import { Client, type QueryResultRow } from 'pg';
import { machineMs } from '../machine-clock.ts';

export interface Written {
  readonly beganMs: number;
  /** When the acknowledgement of the COMMIT was here: the statement is its own transaction. */
  readonly committedMs: number;
  readonly rowCount: number;
}

export class OutsideWriter implements AsyncDisposable {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async connect(databaseUrl: string): Promise<OutsideWriter> {
    const client = new Client({ connectionString: databaseUrl });
    // A lost connection fails the next statement, and is told there.
    client.on('error', () => undefined);
    await client.connect();
    return new OutsideWriter(client);
  }

  async write(sql: string, values: readonly unknown[] = []): Promise<Written> {
    const beganMs = machineMs();
    const { rowCount } = await this.#client.query(sql, [...values]);
    return { beganMs, committedMs: machineMs(), rowCount: rowCount ?? 0 };
  }

  async read<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(sql, [...values])).rows;
  }

  /** Hears NOTIFY on this connection. */
  async listen(channel: string, hear: (payload: string) => void): Promise<void> {
    this.#client.on('notification', (message) => {
      if (message.channel === channel) hear(message.payload ?? '');
    });
    await this.#client.query(`listen ${channel}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}
