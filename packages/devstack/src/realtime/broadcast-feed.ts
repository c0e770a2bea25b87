// Broadcast from the database: every row that commits into realtime.messages goes to the channels of its topic at once,
// without a poll (0.5 ms on the real server, RT6). Owns that decoding, and the replay of what private topics missed.
import type { Database, Row } from './database.ts';
import type { Decoded, Tuple } from './decoding.ts';
import { isRecord } from './frames.ts';
import type { Hub } from './hub.ts';
import type { ResolvedRealtimeOptions } from './options.ts';
import { messagesPublication } from './realtime-sql.ts';
import { ReplicationStream } from './replication-stream.ts';

export interface ReplayRequest {
  /** Without `realtime:`. */
  readonly topic: string;
  readonly sinceMs: number;
  readonly limit: number;
}

export interface StoredMessage {
  readonly id: string;
  readonly event: string;
  /** JSON. */
  readonly payload: string;
}

/** Whatever a client asks for (09-*: 1,000 asked, 25 came). */
const maxReplayed = 25;

export class BroadcastFeed {
  readonly #hub: Hub;
  readonly #database: Database;
  readonly #stream: ReplicationStream;

  constructor(parts: { options: ResolvedRealtimeOptions; hub: Hub; database: Database }) {
    this.#hub = parts.hub;
    this.#database = parts.database;
    this.#stream = new ReplicationStream({
      databaseUrl: parts.options.databaseUrl,
      publication: messagesPublication,
      reconnectMs: parts.options.reconnectMs,
      logger: parts.options.logger,
      onDecoded: (decoded) => this.#take(decoded),
      onLost: () => undefined,
      // Only the poller of postgres_changes was seen to give up.
      shouldGiveUp: () => false,
      onGaveUp: () => undefined,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#stream.start();
    await this.#stream.untilDecoding(signal);
  }

  /** Resolves when what commits from now on is broadcast. */
  async untilReady(signal: AbortSignal): Promise<void> {
    await this.#stream.untilDecoding(signal);
  }

  async stop(): Promise<void> {
    await this.#stream.stop();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#stream.close();
  }

  /** The newest messages of a private topic, oldest first. */
  async replay({ topic, sinceMs, limit }: ReplayRequest): Promise<readonly StoredMessage[]> {
    const rows = await this.#database.rows({
      text: `
        select id, event, payload from (
          select id::text as id, event, payload::text as payload, inserted_at from realtime.messages
          where topic = $1 and private and extension = 'broadcast'
            and inserted_at >= (to_timestamp($2::double precision / 1000) at time zone 'utc')
          order by inserted_at desc limit $3
        ) newest order by inserted_at`,
      values: [topic, sinceMs, Math.min(Math.max(1, limit), maxReplayed)],
    });
    return rows.map(readMessage);
  }

  #take(decoded: Decoded): void {
    if (decoded.kind !== 'change' || decoded.change.new === undefined) return;
    const message: Tuple = decoded.change.new;
    const { id, topic, event, payload } = message;
    if (message['extension'] !== 'broadcast' || typeof topic !== 'string') return;
    const target = { topic: `realtime:${topic}`, isPrivate: message['private'] === 't' };
    this.#hub.broadcast(target, {
      topic: target.topic,
      event: event ?? '',
      payload: payload ?? '{}',
      meta: JSON.stringify({ id }),
    });
  }
}

function readMessage(row: Row): StoredMessage {
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
  return {
    id: text(row['id'], ''),
    event: text(row['event'], ''),
    payload: JSON.stringify(alphabetical(JSON.parse(text(row['payload'], '{}')))),
  };
}

/** The real server reads a stored message and writes it anew (09-*); a broadcast it passes on as it is. */
function alphabetical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alphabetical);
  if (!isRecord(value)) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, alphabetical(inner)]));
}
