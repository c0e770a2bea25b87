// The gateway's own connections to PostgreSQL for queries. Owns the pool, its deadlines and its end; every value goes in
// and out as text. Never decodes the log: that is replication-session.ts.
import { Pool, type PoolClient } from 'pg';
import { withDeadline } from '../processes/until.ts';
import type { RealtimeLogger } from './options.ts';

/** A subscriber, as PostgreSQL's policies know it. */
export interface Identity {
  readonly role: string;
  readonly claims: string;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Query {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Subscribers of many roles share these; a query takes well under a millisecond. */
const poolSize = 4;
const connectDeadlineMs = 5_000;
/** The real server gives its poll 15 s (14-bulk-100000). */
const queryDeadlineMs = 15_000;
const closeDeadlineMs = 500;

export class Database {
  readonly #pool: Pool;
  readonly #clients = new Set<PoolClient>();

  constructor(url: string, logger: RealtimeLogger) {
    this.#pool = new Pool({
      connectionString: url,
      max: poolSize,
      application_name: 'realtime_gateway',
      connectionTimeoutMillis: connectDeadlineMs,
      query_timeout: queryDeadlineMs,
      keepAlive: true,
      // Connections must not keep a test process alive between two events.
      idleTimeoutMillis: 10_000,
    });
    this.#pool.on('connect', (client) => {
      this.#clients.add(client);
      // The pool listens to idle connections only; one that is lost between two queries of a transaction would end this
      // process, though the next query says so anyway.
      client.on('error', () => undefined);
    });
    this.#pool.on('remove', (client) => this.#clients.delete(client));
    // A restart of PostgreSQL ends idle connections; without a listener that would end this process.
    this.#pool.on('error', (error) => logger.info({ err: error }, 'an idle connection to PostgreSQL ended'));
  }

  async rows(query: Query): Promise<readonly Row[]> {
    const result = await this.#pool.query<Row>({ text: query.text, values: [...(query.values ?? [])] });
    return result.rows;
  }

  /** As this subscriber, in a transaction of its own; rolled back, so it may also try what would be written. */
  async asIdentity<T>(identity: Identity, ask: (ask: Ask) => Promise<T>): Promise<T> {
    return await this.inRolledBackTransaction(async (query) => {
      await query(becoming(identity));
      return await ask(query);
    });
  }

  async inRolledBackTransaction<T>(ask: (ask: Ask) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('begin');
      return await ask(async ({ text, values }) => {
        const result = await client.query<Row>({ text, values: [...(values ?? [])] });
        return result.rows;
      });
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      await client.query('rollback').catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
      });
      // A connection that could not roll back carries a role and an open transaction: it is thrown away.
      client.release(isConnectionLost(failure));
    }
  }

  /** Idempotent; does not wait for a server that answers no more. */
  async close(): Promise<void> {
    if (this.#pool.ending) return;
    await withDeadline(this.#pool.end(), {
      what: 'the connections to PostgreSQL to end',
      deadlineMs: closeDeadlineMs,
    }).catch(() => undefined);
    for (const client of this.#clients) destroyConnection(client);
  }
}

export type Ask = (query: Query) => Promise<readonly Row[]>;

/** The role and claims of a subscriber, until the end of the transaction. */
export function becoming(identity: Identity): Query {
  return {
    text: `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`,
    values: [identity.role, identity.claims],
  };
}

/** The socket itself: `end` waits for an answer, which a frozen server does not give. */
export function destroyConnection(client: unknown): void {
  const { connection } = (client ?? {}) as { connection?: { stream?: { destroy?: () => void } } };
  connection?.stream?.destroy?.();
}

/** An error PostgreSQL itself reported has a five-character code and leaves the connection usable. */
function isConnectionLost(error: Error | undefined): boolean {
  return error !== undefined && postgresCode(error) === undefined;
}

export function postgresCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
