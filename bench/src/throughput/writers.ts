// A load generator: so many connections that each write one row after the other. Owns the connections; counts what was
// committed and tells when.
import { systemClock } from '@tidemark/protocol';
import { Client, type QueryConfig } from 'pg';

export interface WriterOptions {
  readonly databaseUrl: string;
  readonly writers: number;
}

export class Writers implements AsyncDisposable {
  readonly #clients: readonly Client[];

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
  }

  static async connect({ databaseUrl, writers }: WriterOptions): Promise<Writers> {
    const clients = Array.from({ length: writers }, () => new Client({ connectionString: databaseUrl }));
    await Promise.all(clients.map((client) => client.connect()));
    return new Writers(clients);
  }

  /**
   * Each writer sends its next statement as soon as the one before is committed.
   *
   * @param statement of a writer, the how manieth of its own
   * @returns statements committed in a second
   */
  async write(
    durationMs: number,
    statement: (writer: number, index: number) => QueryConfig,
    onCommit: (writer: number, index: number) => void = () => {},
  ): Promise<number> {
    const startedMs = systemClock.monotonicMs();
    let committed = 0;
    const turns = this.#clients.map(async (client, writer) => {
      for (let index = 0; systemClock.monotonicMs() - startedMs < durationMs; index += 1) {
        await client.query(statement(writer, index));
        onCommit(writer, index);
        committed += 1;
      }
    });
    await Promise.all(turns);
    return (1_000 * committed) / (systemClock.monotonicMs() - startedMs);
  }

  /** @returns milliseconds of one statement, on the first connection */
  async once(statement: QueryConfig): Promise<number> {
    const startedMs = systemClock.monotonicMs();
    await this.#clients[0]?.query(statement);
    return systemClock.monotonicMs() - startedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}
