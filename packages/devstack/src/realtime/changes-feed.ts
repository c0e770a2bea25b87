// postgres_changes: the log of the publication, looked at every now and then as the real server polls it, and delivered
// to the channels that subscribed. Owns the buffer between two looks, the subscribers and the worker's death. A
// subscriber that the feed forgot (the worker was stopped, or gave up) is not told, and gets nothing for good.
//
//   log --> buffer --every changesPollMs--> batch (grants, filters, row level security) --> vices --> channels
import { type Binding, resolveBindings } from './bindings.ts';
import { deliveriesOf, type SequencedChange } from './change-batch.ts';
import { type ChangeListener, type ChangeSubscription, Subscriber } from './change-subscriber.ts';
import type { Database, Identity } from './database.ts';
import type { Decoded } from './decoding.ts';
import type { ResolvedRealtimeOptions } from './options.ts';
import { RateLimit } from './rate-limit.ts';
import { ReplicationStream } from './replication-stream.ts';
import type { RealtimeVices } from './vices.ts';

export interface SubscribeRequest {
  readonly identity: Identity;
  readonly bindings: readonly Binding[];
  readonly listener: ChangeListener;
  readonly signal: AbortSignal;
}

export type SubscribeOutcome =
  | { readonly kind: 'ready'; readonly subscription: ChangeSubscription }
  | { readonly kind: 'refused'; readonly message: string };

/** Beyond, changes are dropped: nobody looks any more, or PostgreSQL answers too slowly. */
const maxBuffered = 200_000;

export class ChangesFeed {
  readonly #options: ResolvedRealtimeOptions;
  readonly #vices: RealtimeVices;
  readonly #database: Database;
  readonly #stream: ReplicationStream;
  readonly #rateLimit = new RateLimit();
  readonly #subscribers = new Set<Subscriber>();
  #buffer: SequencedChange[] = [];
  /** Of the transaction that is being read: it is delivered whole or not at all. */
  #transaction: SequencedChange[] = [];
  #sequence = 0;
  #look: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;
  #publicationCheck: NodeJS.Timeout | undefined;
  #publishedTables: string | undefined;

  constructor(parts: { options: ResolvedRealtimeOptions; vices: RealtimeVices; database: Database }) {
    this.#options = parts.options;
    this.#vices = parts.vices;
    this.#database = parts.database;
    this.#stream = new ReplicationStream({
      databaseUrl: parts.options.databaseUrl,
      publication: parts.options.publication,
      reconnectMs: parts.options.reconnectMs,
      logger: parts.options.logger,
      onDecoded: (decoded) => this.#take(decoded),
      onLost: () => this.#forgetChanges(),
      shouldGiveUp: (awayMs) => awayMs > this.#vices.giveUpAfterMs,
      onGaveUp: () => this.#forgetSubscribers(),
    });
  }

  /** Resolves when the log is decoded. */
  async start(signal: AbortSignal): Promise<void> {
    this.#stream.start();
    this.#startTimers();
    await this.#stream.untilDecoding(signal);
    this.#publishedTables = await this.#readPublishedTables();
  }

  /** Rejects when PostgreSQL cannot be asked, or the caller lost patience. */
  async subscribe({ identity, bindings, listener, signal }: SubscribeRequest): Promise<SubscribeOutcome> {
    const resolution = await resolveBindings({
      database: this.#database,
      publication: this.#options.publication,
      role: identity.role,
      bindings,
    });
    if (resolution.kind === 'refused') return resolution;
    // Whoever subscribes wakes a worker that gave up; the subscribers from before stay forgotten (10-*).
    this.#stream.start();
    await this.#stream.untilDecoding(signal);
    const subscription = new Subscriber({
      identity,
      bindings: resolution.bindings,
      listener,
      all: this.#subscribers,
      nextSequence: () => this.#sequence,
    });
    return { kind: 'ready', subscription };
  }

  /** All present subscriptions are dead for good; the next one starts the worker again. */
  async stopWorker(): Promise<void> {
    this.#forgetSubscribers();
    await this.#stream.stop();
    this.#forgetChanges();
  }

  /** As after a crash of the whole server. */
  async restart(): Promise<void> {
    await this.stopWorker();
    this.#rateLimit.reset();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#poll);
    clearInterval(this.#publicationCheck);
    this.#forgetSubscribers();
    await this.#stream.close();
    await this.#look;
  }

  #startTimers(): void {
    const { changesPollMs, publicationCheckMs } = this.#options;
    clearInterval(this.#poll);
    clearInterval(this.#publicationCheck);
    if (changesPollMs > 0) this.#poll = setInterval(() => this.#lookAtBuffer(), changesPollMs);
    this.#publicationCheck = setInterval(() => void this.#checkPublication(), publicationCheckMs);
  }

  #take(decoded: Decoded): void {
    switch (decoded.kind) {
      case 'change':
        if (this.#transaction.length > this.#largestTransaction()) this.#choke();
        else this.#transaction.push({ sequence: this.#sequence, change: decoded.change });
        this.#sequence += 1;
        return;
      case 'commit':
        this.#endTransaction();
        return;
      case 'nothing':
    }
  }

  #largestTransaction(): number {
    const { isOn, maxRows } = this.#vices.bulkOutage;
    return isOn ? Math.min(maxRows, maxBuffered) : maxBuffered;
  }

  #endTransaction(): void {
    if (this.#buffer.length + this.#transaction.length > maxBuffered) {
      this.#options.logger.warn(
        { changes: this.#buffer.length },
        'changes are lost: too many wait for a look',
      );
      this.#buffer = [];
    }
    this.#buffer = this.#buffer.length === 0 ? this.#transaction : this.#buffer.concat(this.#transaction);
    this.#transaction = [];
    if (this.#options.changesPollMs === 0) this.#lookAtBuffer();
  }

  /** The poll runs into its timeout, and its temporary slot is gone (14-bulk-100000). */
  #choke(): void {
    if (!this.#stream.isDecoding) return;
    this.#options.logger.warn(
      { rows: this.#transaction.length },
      'a transaction is too large: the slot is dropped',
    );
    this.#forgetChanges();
    void this.#stream.interrupt(this.#vices.bulkOutage.outageMs);
  }

  #forgetSubscribers(): void {
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  #forgetChanges(): void {
    this.#buffer = [];
    this.#transaction = [];
  }

  #lookAtBuffer(): void {
    if (this.#look !== undefined || this.#buffer.length === 0) return;
    this.#look = this.#deliver().finally(() => {
      this.#look = undefined;
      // Without a poll nobody else would look at what came meanwhile.
      if (this.#options.changesPollMs === 0) this.#lookAtBuffer();
    });
  }

  async #deliver(): Promise<void> {
    const changes = this.#buffer;
    this.#buffer = [];
    try {
      const deliveries = await deliveriesOf({
        database: this.#database,
        logger: this.#options.logger,
        subscribers: [...this.#subscribers],
        changes,
      });
      const nowMs = performance.now();
      for (const { subscriber, data, ids } of deliveries) {
        if (subscriber.isEnded || this.#vices.areChangesSilent) continue;
        if (this.#rateLimit.isAllowed(this.#vices.rateLimit, nowMs)) subscriber.listener.onChange(data, ids);
      }
    } catch (error) {
      this.#options.logger.warn(
        { err: error, changes: changes.length },
        'changes are lost: PostgreSQL did not answer',
      );
    }
  }

  async #checkPublication(): Promise<void> {
    const tables = await this.#readPublishedTables();
    if (tables === undefined || tables === this.#publishedTables) return;
    const isFirst = this.#publishedTables === undefined;
    this.#publishedTables = tables;
    if (isFirst) return;
    for (const { listener } of this.#subscribers) listener.onPublicationChanged();
  }

  async #readPublishedTables(): Promise<string | undefined> {
    try {
      const rows = await this.#database.rows({
        text: `select coalesce(string_agg(format('%I.%I', schemaname, tablename), ',' order by schemaname, tablename), '') as tables
          from pg_publication_tables where pubname = $1`,
        values: [this.#options.publication],
      });
      return String(rows[0]?.['tables']);
    } catch {
      // PostgreSQL is away; the next check asks again.
      return undefined;
    }
  }
}
