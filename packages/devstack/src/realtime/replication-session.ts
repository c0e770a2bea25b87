// One connection that decodes the log of PostgreSQL from now on, through a temporary slot: when the connection ends, so
// does the slot, and what commits until the next session is lost to everybody. That is how the real server loses events
// when PostgreSQL restarts (06-*). Owns the connection and the slot; never reconnects.
import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { withDeadline } from '../processes/until.ts';
import { destroyConnection } from './database.ts';
import { type Decoded, Decoder } from './decoding.ts';

export interface SessionOptions {
  readonly databaseUrl: string;
  readonly publication: string;
  /** Called in the order of the log, without a pause in between. */
  readonly onDecoded: (decoded: Decoded) => void;
  /** Ends the session, also one that is still on its way. */
  readonly signal: AbortSignal;
}

export interface ReplicationSession {
  /** Resolves with the reason, if there is one; never rejects. */
  readonly ended: Promise<unknown>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** The text form of values depends on these; to_jsonb of a timestamp is in the session's time zone too. */
const sessionSettings = '-c timezone=UTC -c datestyle=ISO,MDY -c intervalstyle=postgres -c bytea_output=hex';
const connectDeadlineMs = 5_000;
const closeDeadlineMs = 500;

/** Resolves when the slot exists: what commits from then on is decoded. Rejects when it cannot be made. */
export async function openReplicationSession(options: SessionOptions): Promise<ReplicationSession> {
  const service = new LogicalReplicationService(
    {
      connectionString: options.databaseUrl,
      application_name: 'realtime_replication',
      connectionTimeoutMillis: connectDeadlineMs,
      keepAlive: true,
      options: sessionSettings,
    },
    // Answered by hand, see below.
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  );
  const plugin = new TemporarySlotPlugin({ protoVersion: 1, publicationNames: [options.publication] });
  const started = Promise.withResolvers<void>();
  const decoder = new Decoder();
  service.on('error', () => {
    // The same error ends `subscribe`, where it is reported.
  });
  service.on('start', () => started.resolve());
  service.on('data', (_lsn, message: Pgoutput.Message) => options.onDecoded(decoder.decode(message)));
  service.on('heartbeat', (lsn, _timestamp, shouldRespond) => {
    if (shouldRespond) void service.acknowledge(positionBefore(lsn));
  });

  const close = closeOnce(service);
  const onAbort = (): void => void close();
  options.signal.addEventListener('abort', onAbort, { once: true });
  const name = `tidemark_realtime_${randomBytes(6).toString('hex')}`;
  const ended = service
    .subscribe(plugin, name)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .then(async (reason) => {
      options.signal.removeEventListener('abort', onAbort);
      started.reject(reason ?? new Error('the replication connection ended before it began'));
      await close();
      return reason;
    });
  await started.promise;
  return { ended, close };
}

/**
 * `acknowledge` adds one to what it is given. A server that shuts down waits until exactly what it sent is confirmed, and
 * would wait for ever for one byte less or more.
 */
function positionBefore(lsn: string): string {
  const [upper = '0', lower = '0'] = lsn.split('/');
  const position = (BigInt(`0x${upper}`) << 32n) + BigInt(`0x${lower}`) - 1n;
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`;
}

function closeOnce(service: LogicalReplicationService): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // `destroy` waits for the server's goodbye, which a frozen server does not say; nor is there another way to the
    // socket of a connection that is still being made.
    const client: unknown = service['_client'];
    await withDeadline(service.destroy(), { what: 'the decoding to end', deadlineMs: closeDeadlineMs }).catch(
      () => undefined,
    );
    destroyConnection(client);
  };
  return () => (closing ??= close());
}

class TemporarySlotPlugin extends PgoutputPlugin {
  override async start(client: Client, slotName: string, lastLsn: string): Promise<unknown> {
    await client.query(`CREATE_REPLICATION_SLOT "${slotName}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
    return await super.start(client, slotName, lastLsn);
  }
}
