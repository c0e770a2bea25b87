// One joined channel of one client: its token and the hour it expires, its subscription to changes, its place on the
// topic. Owns what the client is told after the join; the join itself is in join.ts.
//
//   joined --phx_leave, expired or refused token, second join, socket gone--> closed
//   (subscribing to changes goes on beside it: `SUBSCRIBED` says nothing about it, only `system ok` does, RT1)
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeSubscription } from './change-subscriber.ts';
import type { ChangesFeed, SubscribeOutcome } from './changes-feed.ts';
import { type Broadcast, isRecord, type OutgoingFrame } from './frames.ts';
import type { Hub, TopicMember } from './hub.ts';
import type { JoinConfig } from './join-config.ts';
import type { ResolvedRealtimeOptions } from './options.ts';
import type { PresenceDiff } from './presence.ts';
import type { TopicAccess } from './private-access.ts';
import { expiryMessage, type Token } from './token.ts';
import type { RealtimeVices } from './vices.ts';

export interface ChannelSurroundings {
  readonly options: ResolvedRealtimeOptions;
  readonly vices: RealtimeVices;
  readonly changes: ChangesFeed;
  readonly hub: Hub;
  readonly send: (frame: OutgoingFrame) => void;
  readonly sendBroadcast: (broadcast: Broadcast) => void;
  /** The client's channel is gone; called once. */
  readonly onClosed: (channel: Channel) => void;
}

export interface ChannelStart {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly config: JoinConfig;
  readonly token: Token;
  readonly access: TopicAccess;
}

/** setTimeout takes 24 days at most, and the keys of a project live for years. */
const longestTimerMs = 2_000_000_000;
const retryMs = 1_000;

export class Channel implements TopicMember {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly joinRef: string | null;
  readonly config: JoinConfig;
  readonly #surroundings: ChannelSurroundings;
  readonly #closing = new AbortController();
  #token: Token;
  #access: TopicAccess;
  #expiry: NodeJS.Timeout | undefined;
  #subscription: ChangeSubscription | undefined;
  /** Of several attempts to subscribe only the newest counts. */
  #attempt = 0;

  constructor(start: ChannelStart, surroundings: ChannelSurroundings) {
    this.topic = start.topic;
    this.isPrivate = start.config.isPrivate;
    this.joinRef = start.joinRef;
    this.config = start.config;
    this.#token = start.token;
    this.#access = start.access;
    this.#surroundings = surroundings;
    surroundings.hub.join(this);
    this.#watchExpiry();
  }

  get token(): Token {
    return this.#token;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** The name of the topic for the user, and for policies. */
  get name(): string {
    return this.topic.slice('realtime:'.length);
  }

  push(event: string, payload: string): void {
    if (this.#closing.signal.aborted) return;
    this.#surroundings.send({ joinRef: this.joinRef, ref: null, topic: this.topic, event, payload });
  }

  pushSystem(extension: 'postgres_changes' | 'system', status: 'ok' | 'error', message: string): void {
    this.push('system', JSON.stringify({ channel: this.name, extension, message, status }));
  }

  /** Begins to subscribe to changes; the client hears of it by a `system` message. */
  subscribeToChanges({ isRefresh }: { readonly isRefresh: boolean }): void {
    if (this.config.bindings.length === 0) return;
    this.#attempt += 1;
    void this.#subscribe(this.#attempt, isRefresh).catch((error: unknown) => {
      if (!this.#closing.signal.aborted)
        this.#surroundings.options.logger.warn({ err: error }, 'cannot subscribe');
    });
  }

  /** A new token: the old subscription goes on until the new one is there (08-token-refreshed: nothing is lost). */
  refresh(token: Token, access: TopicAccess): void {
    this.#token = token;
    this.#access = access;
    this.#watchExpiry();
    this.subscribeToChanges({ isRefresh: true });
  }

  /** From the client to the others on its topic. False: its role may not. */
  broadcast(broadcast: Broadcast): boolean {
    if (!this.#access.canWrite.has('broadcast')) return false;
    const sender = this.config.isEchoed ? undefined : this;
    this.#surroundings.hub.broadcast({ topic: this.topic, isPrivate: this.isPrivate, sender }, broadcast);
    return true;
  }

  presence(payload: Readonly<Record<string, unknown>>): boolean {
    if (!this.#access.canWrite.has('presence')) return false;
    if (payload['event'] === 'track') {
      const key = this.config.presence.key === '' ? randomUUID() : this.config.presence.key;
      this.#surroundings.hub.track(this, key, isRecord(payload['payload']) ? payload['payload'] : {});
    } else if (payload['event'] === 'untrack') this.#surroundings.hub.untrack(this);
    return true;
  }

  onBroadcast(broadcast: Broadcast): void {
    if (this.#access.canRead.has('broadcast')) this.#surroundings.sendBroadcast(broadcast);
  }

  onPresence(diff: PresenceDiff): void {
    if (this.config.presence.isOn && this.#access.canRead.has('presence')) {
      this.push('presence_diff', JSON.stringify(diff));
    }
  }

  /** Told to the client: `phx_close`. Idempotent. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.end();
    this.#surroundings.send({
      joinRef: this.joinRef,
      ref: this.joinRef,
      topic: this.topic,
      event: 'phx_close',
      payload: '{}',
    });
  }

  /** Without a word: the socket is gone. Idempotent. */
  end(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearTimeout(this.#expiry);
    this.#subscription?.end();
    this.#surroundings.hub.leave(this);
    this.#surroundings.onClosed(this);
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const leftMs = this.#token.expiresAtMs - Date.now();
    this.#expiry = setTimeout(
      () => {
        if (this.#token.expiresAtMs > Date.now()) this.#watchExpiry();
        else this.closeWithError(expiryMessage(this.#token.expiresAtMs / 1_000, Date.now()));
      },
      Math.min(Math.max(0, leftMs), longestTimerMs),
    );
  }

  /** As when a token expires: an error, then the end (08-token-expires-while-subscribed). */
  closeWithError(message: string): void {
    this.pushSystem('system', 'error', message);
    this.close();
  }

  async #subscribe(attempt: number, isRefresh: boolean): Promise<void> {
    const { options, vices } = this.#surroundings;
    const { signal } = this.#closing;
    if (isRefresh) await delay(options.resubscribeMs, undefined, { signal });
    const outcome = await this.#outcome();
    if (attempt !== this.#attempt) return;
    if (outcome.kind === 'refused') {
      // Never tried again by the server, and nothing else of the channel goes on either (RT1).
      this.#subscription?.end();
      this.pushSystem('postgres_changes', 'error', outcome.message);
      return;
    }
    const isLossy = vices.isGapLossy && vices.systemOkDelayMs > 0;
    if (!isLossy) this.#activate(outcome.subscription, isLossy);
    await delay(vices.systemOkDelayMs, undefined, { signal });
    if (attempt !== this.#attempt) return;
    if (isLossy) this.#activate(outcome.subscription, isLossy);
    this.pushSystem('postgres_changes', 'ok', 'Subscribed to PostgreSQL');
  }

  #activate(subscription: ChangeSubscription, skipsBuffered: boolean): void {
    subscription.activate({ skipsBuffered, replaces: this.#subscription });
    this.#subscription = subscription;
  }

  /** Tries again while PostgreSQL is away, silently, as the real server does. */
  async #outcome(): Promise<SubscribeOutcome> {
    const { signal } = this.#closing;
    for (;;) {
      try {
        return await this.#surroundings.changes.subscribe({
          identity: this.#token,
          bindings: this.config.bindings,
          signal,
          listener: {
            onChange: (data, ids) => this.#onChange(data, ids),
            onPublicationChanged: () => this.subscribeToChanges({ isRefresh: false }),
          },
        });
      } catch (error) {
        signal.throwIfAborted();
        this.#surroundings.options.logger.info(
          { err: error },
          'cannot subscribe yet: PostgreSQL does not answer',
        );
        await delay(retryMs, undefined, { signal });
      }
    }
  }

  #onChange(data: string, ids: readonly number[]): void {
    this.#surroundings.send({
      joinRef: null,
      ref: null,
      topic: this.topic,
      event: 'postgres_changes',
      payload: `{"data":${data},"ids":[${ids.join(',')}]}`,
    });
  }
}
