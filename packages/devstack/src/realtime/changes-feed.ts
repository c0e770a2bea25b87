// postgres_changes: the log of the publication, looked at every now and then as the real server polls it, and delivered
// to the channels that subscribed. Owns the buffer between two looks, the subscribers and the worker's death. A
// subscriber that the feed forgot (the worker was stopped, or gave up) is not told, and gets nothing for good.
//
//   log --> buffer --every changesPollMs--> batch (grants, filters, row level security) --> vices --> channels
import { type Binding, resolveBindings, type ResolvedBinding } from './bindings.ts';
import { type ChangeSubscriber, deliveriesOf, type SequencedChange } from './change-batch.ts';
import type { Database, Identity } from './database.ts';
import type { Decoded } from './decoding.ts';
import type { ResolvedRealtimeOptions } from './options.ts';
import { RateLimit } from './rate-limit.ts';
import { ReplicationStream } from './replication-stream.ts';
import type { RealtimeVices } from './vices.ts';

export interface ChangeListener {
  /** The JSON of `data`, and which bindings it is for. */
  onChange(data: string, ids: readonly number[]): void;
  /** The tables of the publication are others now: subscribe again, and say so. */
  onPublicationChanged(): void;
}

export interface SubscribeRequest {
  readonly identity: Identity;
  readonly bindings: readonly Binding[];
  readonly listener: ChangeListener;
  readonly signal: AbortSignal;
}

export interface ChangeSubscription {
  /** From now on; with `skipsBuffered` without what committed before. */
  activate(how: { readonly skipsBuffered: boolean }): void;
  /** Idempotent. */
  end(): void;
}

export type SubscribeOutcome =
  | { readonly kind: 'ready'; readonly subscription: ChangeSubscription }
  | { readonly kind: 'refused'; readonly message: string };

interface Subscriber extends ChangeSubscriber {
  readonly listener: ChangeListener;
}

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
  #sequence = 0;
  #rowsOfTransaction = 0;
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
      onGaveUp: () => this.#subscribers.clear(),
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
    return { kind: 'ready', subscription: this.#subscription(identity, resolution.bindings, listener) };
  }

  /** All present subscriptions are dead for good; the next one starts the worker again. */
  async stopWorker(): Promise<void> {
    this.#subscribers.clear();
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
    this.#subscribers.clear();
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

  #subscription(
    identity: Identity,
    bindings: readonly ResolvedBinding[],
    listener: ChangeListener,
  ): ChangeSubscription {
    let subscriber: Subscriber | undefined;
    return {
      activate: ({ skipsBuffered }) => {
        subscriber = { identity, bindings, listener, firstSequence: skipsBuffered ? this.#sequence : 0 };
        this.#subscribers.add(subscriber);
      },
      end: () => {
        if (subscriber !== undefined) this.#subscribers.delete(subscriber);
      },
    };
  }

  #take(decoded: Decoded): void {
    switch (decoded.kind) {
      case 'change':
        this.#rowsOfTransaction += 1;
        if (this.#isTooMuch()) this.#choke();
        else if (this.#buffer.length < maxBuffered) {
          this.#buffer.push({ sequence: this.#sequence, change: decoded.change });
          this.#sequence += 1;
        }
        return;
      case 'commit':
        this.#rowsOfTransaction = 0;
        if (this.#options.changesPollMs === 0) this.#lookAtBuffer();
        return;
      case 'nothing':
    }
  }

  #isTooMuch(): boolean {
    const { isOn, maxRows } = this.#vices.bulkOutage;
    return isOn && this.#rowsOfTransaction > maxRows;
  }

  /** The poll runs into its timeout, and its temporary slot is gone (14-bulk-100000). */
  #choke(): void {
    if (!this.#stream.isDecoding) return;
    this.#options.logger.warn(
      { rows: this.#rowsOfTransaction },
      'a transaction is too large: the slot is dropped',
    );
    this.#forgetChanges();
    void this.#stream.interrupt(this.#vices.bulkOutage.outageMs);
  }

  #forgetChanges(): void {
    this.#buffer = [];
    this.#rowsOfTransaction = 0;
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
        if (!this.#subscribers.has(subscriber) || this.#vices.areChangesSilent) continue;
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
    this.#publishedTables = tables;
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
