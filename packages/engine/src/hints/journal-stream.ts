// The journal's rows as PostgreSQL decodes them from its log: one connection, one temporary slot, which ends with it. Owns
// the connection and how it is ended; never connects again, never reads a key, and proves nothing: what it tells of may
// not be visible yet (COHERENCE row 6).
import { randomBytes } from 'node:crypto';
import type { Clock } from '@tidemark/protocol';
import type { Client } from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';

/** Made by the migrations: the tables and transactions of new rows of the journal. */
const publication = 'tidemark';

const connectTimeoutMs = 5_000;

/** A slot begins when every transaction that was open has ended. Longer than this, and nothing may be answering. */
export const openDeadlineMs = 60_000;

/** A peer that is gone without a word is found out after this and ten probes a second apart. */
const keepAliveMs = 10_000;

/** The server may forget the log up to what was confirmed; it asks by itself, unless its `wal_sender_timeout` is 0. */
const confirmEverySeconds = 10;

export interface JournalStreamOptions {
  /** Of a direct connection, as a role with REPLICATION. A pooler can't pass a replication connection on. */
  readonly connectionString: string;
  readonly clock: Clock;
  /** The slot exists: what commits from now on is told. */
  readonly onListening: () => void;
  /** `xid` as the journal has it. */
  readonly onChange: (change: { readonly table: string; readonly xid: string }) => void;
  /** Once, unless it was closed before: nothing is told any more. */
  readonly onEnd: (reason: string) => void;
}

export class JournalStream {
  readonly #service: LogicalReplicationService;
  readonly #options: JournalStreamOptions;
  readonly #cancelDeadline: () => void;
  #isOver = false;

  constructor(options: JournalStreamOptions) {
    this.#options = options;
    this.#service = new LogicalReplicationService(
      {
        connectionString: options.connectionString,
        application_name: 'tidemark-hints',
        connectionTimeoutMillis: connectTimeoutMs,
        keepAlive: true,
        keepAliveInitialDelayMillis: keepAliveMs,
      },
      { acknowledge: { auto: false, timeoutSeconds: confirmEverySeconds } },
    );
    this.#service.on('error', () => {
      // The same error ends `subscribe`, where it is told.
    });
    this.#service.on('start', () => {
      this.#cancelDeadline();
      options.onListening();
    });
    this.#service.on('data', (_lsn, message: Pgoutput.Message) => this.#take(message));
    this.#service.on('heartbeat', (lsn, _timestamp, shouldRespond) => {
      if (shouldRespond) void this.#service.acknowledge(positionBefore(lsn));
    });
    this.#cancelDeadline = options.clock.schedule(openDeadlineMs, () => {
      this.#end('no slot within a minute: a transaction is open that long, or PostgreSQL does not answer');
    });
    const plugin = new TemporarySlotPlugin({ protoVersion: 1, publicationNames: [publication] });
    this.#service.subscribe(plugin, `tidemark_hints_${randomBytes(6).toString('hex')}`).then(
      () => this.#end('PostgreSQL ended the connection'),
      (error: unknown) => this.#end(explain(error)),
    );
  }

  #take(message: Pgoutput.Message): void {
    if (message.tag !== 'insert') return;
    const { tbl, xid } = message.new;
    if (typeof tbl === 'string' && typeof xid === 'string') this.#options.onChange({ table: tbl, xid });
  }

  #end(reason: string): void {
    this.#cancelDeadline();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd(reason);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#cancelDeadline();
    await this.#service.destroy();
  }
}

class TemporarySlotPlugin extends PgoutputPlugin {
  override async start(client: Client, slotName: string, lastLsn: string): Promise<unknown> {
    await client.query(`CREATE_REPLICATION_SLOT "${slotName}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
    return await super.start(client, slotName, lastLsn);
  }
}

/** `acknowledge` adds one. A server that shuts down waits until exactly what it sent is confirmed, however long. */
function positionBefore(lsn: string): string {
  const [upper = '0', lower = '0'] = lsn.split('/');
  const position = (BigInt(`0x${upper}`) << 32n) + BigInt(`0x${lower}`) - 1n;
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`;
}

/** What PostgreSQL says, and what to do where that is known. */
function explain(error: unknown): string {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  const cure = code === undefined ? undefined : cures[code];
  return cure === undefined ? message : `${message}: ${cure}`;
}

const cures: Readonly<Record<string, string>> = {
  '42501': 'give the role of DATABASE_URL the attribute REPLICATION',
  '55000': 'set wal_level to logical and restart PostgreSQL',
  '42704': 'apply supabase/migrations',
  '53400': 'raise max_replication_slots',
  '53300': 'raise max_wal_senders',
};
