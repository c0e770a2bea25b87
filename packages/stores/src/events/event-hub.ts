// The code that both event hubs are: subscribers of this instance hear an event at once, those of other instances over
// Redis pub/sub. At most once, with no replay: an event tells that there is something to read, the store is the truth.
//
//   broadcast ─► queues of this instance
//        └─► Redis channel ─► hub of another instance ─► its queues
//                   └─► this hub: its own message, passed over; it proves that the subscription is alive
import { randomUUID } from 'node:crypto';
import { channelIn, type Clock, type Logger, sleep, TidemarkError } from '@tidemark/protocol';
import type * as z from 'zod';
import { InvalidInputError } from '../errors.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { EventQueue, maxWaitingEvents, type EventListener } from './event-queue.ts';
import { hubEventSchema, type HubEvent } from './hub-event.ts';

/** Subscriptions of one hub. Each holds memory for what it has still to hear. */
export const maxSubscriptions = 10_000;

/** Of one event, in UTF-16 units; what is larger is to be read from the store. */
export const maxEventLength = 262_144;

/** Longest wait for Redis to confirm a subscription; it goes on trying by itself. */
const confirmWithinMs = 1_000;

/** An own message that has not come back by then will not: the subscription is dead and does not know. */
const echoWithinMs = 5_000;

export interface Subscription extends Disposable {
  /**
   * True once the events of other instances arrive here: read the state after that, and nothing is missed between the
   * two. False when there is no Redis, or none within a second; it is tried again at every reconnect.
   */
  readonly ready: Promise<boolean>;
  /** Idempotent. The last one to leave closes the channel. */
  close(): void;
}

export interface SubscribeOptions {
  /** The listener was too slow: 256 events waited for it, and it hears nothing more. Subscribe anew and read the state. */
  readonly onOverflow?: () => void;
}

export interface EventHubStatus {
  readonly backend: 'Redis' | 'this process';
  readonly reason: string;
  /** False while events should reach the other instances and do not. */
  readonly isAsConfigured: boolean;
  readonly channels: number;
  readonly subscriptions: number;
  /** Messages of strangers, of the wrong shape or too large. */
  readonly refused: number;
  /** Subscriptions that were ended because they were too slow. */
  readonly overflowed: number;
  /** Own messages do not come back. */
  readonly isDeaf: boolean;
}

export interface EventHub<Subject, Name extends string> extends Disposable {
  /**
   * @param listener is called in order, one event at a time; a promise it returns is waited for
   * @throws InvalidInputError; TidemarkError `HUB_FULL`, `HUB_CLOSED`
   */
  subscribe(subject: Subject, listener: EventListener<Name>, options?: SubscribeOptions): Subscription;
  /**
   * The subscribers of this instance have been called when this returns its promise.
   *
   * @param data anything that JSON can say, at most 256 KiB
   * @returns whether Redis took it for the others
   * @throws InvalidInputError; never anything because of Redis
   */
  broadcast(subject: Subject, event: Name, data?: unknown): Promise<boolean>;
  status(): EventHubStatus;
  close(): void;
}

export interface EventHubParts<Subject, Name extends string> {
  readonly names: readonly Name[];
  /** @throws InvalidInputError */
  readonly channelOf: (subject: Subject) => string;
  readonly redis: SharedRedis | undefined;
  /** Why it is Redis, or is not. */
  readonly reason: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Channel<Name extends string> {
  readonly queues: Set<EventQueue<Name>>;
  readonly ready: Promise<boolean>;
}

/** An own message that is still to come back. */
interface Echo {
  readonly channel: string;
  readonly cancel: () => void;
}

export class RedisEventHub<Subject, Name extends string> implements EventHub<Subject, Name> {
  readonly #parts: EventHubParts<Subject, Name>;
  readonly #instanceId = randomUUID();
  readonly #schema: z.ZodType<HubEvent<Name>>;
  readonly #channels = new Map<string, Channel<Name>>();
  readonly #closing = new AbortController();
  #echo: Echo | undefined;
  #subscriptions = 0;
  #refused = 0;
  #overflowed = 0;
  #isDeaf = false;

  constructor(parts: EventHubParts<Subject, Name>) {
    this.#parts = parts;
    this.#schema = hubEventSchema(parts.names);
    const { redis, reason, logger } = parts;
    if (redis === undefined) logger.info({ reason }, 'events reach the subscribers of this instance only');
    else logger.info({ reason }, 'events reach the subscribers of every instance');
  }

  subscribe(subject: Subject, listener: EventListener<Name>, options: SubscribeOptions = {}): Subscription {
    const name = this.#parts.channelOf(subject);
    this.#refuseMore();
    const channel = this.#channels.get(name) ?? this.#open(name);
    const { logger } = this.#parts;
    const queue = new EventQueue<Name>({
      listener,
      onFailure: (error) => logger.warn({ error: String(error) }, 'a subscriber failed on an event'),
      onOverflow: () => {
        this.#overflowed += 1;
        this.#leave(name, queue);
        logger.warn({ waiting: maxWaitingEvents }, 'a subscriber was too slow, and hears nothing more');
        options.onOverflow?.();
      },
    });
    channel.queues.add(queue);
    this.#subscriptions += 1;
    const close = (): void => this.#leave(name, queue);
    return { ready: channel.ready, close, [Symbol.dispose]: close };
  }

  #refuseMore(): void {
    if (this.#closing.signal.aborted) {
      throw new TidemarkError('the event hub is closed: make a new one to subscribe', { code: 'HUB_CLOSED' });
    }
    if (this.#subscriptions < maxSubscriptions) return;
    throw new TidemarkError(
      `an event hub must have at most ${maxSubscriptions} subscriptions: close those that nobody needs`,
      { code: 'HUB_FULL' },
    );
  }

  #open(name: string): Channel<Name> {
    const channel = { queues: new Set<EventQueue<Name>>(), ready: this.#listen(name) };
    this.#channels.set(name, channel);
    return channel;
  }

  async #listen(name: string): Promise<boolean> {
    const { redis, clock } = this.#parts;
    if (redis === undefined) return false;
    const confirmed = redis.listen(name, (text) => this.#hear(name, text));
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#closing.signal]);
    try {
      return await Promise.race([confirmed, sleep(clock, confirmWithinMs, signal).then(() => false)]);
    } finally {
      waiting.abort();
    }
  }

  #leave(name: string, queue: EventQueue<Name>): void {
    queue.end();
    const channel = this.#channels.get(name);
    if (channel?.queues.delete(queue) !== true) return;
    this.#subscriptions -= 1;
    if (channel.queues.size > 0) return;
    this.#channels.delete(name);
    this.#parts.redis?.unlisten(name);
    if (this.#echo?.channel === name) this.#stopWaiting();
  }

  async broadcast(subject: Subject, event: Name, data: unknown = null): Promise<boolean> {
    const { redis, clock } = this.#parts;
    const name = this.#parts.channelOf(subject);
    const text = this.#format({
      event,
      data,
      timestamp: new Date(clock.wallMs()),
      instanceId: this.#instanceId,
    });
    const sent = this.#parse(text);
    if (sent === undefined) {
      throw new InvalidInputError(
        `event must be one of ${this.#parts.names.join(', ')}, got ${JSON.stringify(event)}`,
      );
    }
    // What is heard here went through JSON as well, so that nobody depends on where the sender was.
    this.#deliver(name, sent);
    if (redis === undefined) return false;
    // Before it is sent: what comes back may be here before the answer is.
    const echo = this.#expectEcho(name);
    const isSent =
      (await redis.attempt((commands) => commands.publish(channelIn(commands, name), text))) !== undefined;
    if (!isSent && echo !== undefined && echo === this.#echo) this.#stopWaiting();
    return isSent;
  }

  #format(event: HubEvent<Name>): string {
    let text: string;
    try {
      text = JSON.stringify(event);
    } catch (error) {
      throw new InvalidInputError('data must be something that JSON can say, got something else', error);
    }
    if (text.length <= maxEventLength) return text;
    throw new InvalidInputError(
      `an event must be at most ${maxEventLength} characters of JSON, got ${text.length}: send an id, and let it be read`,
    );
  }

  #hear(name: string, text: string): void {
    const event = text.length > maxEventLength ? undefined : this.#parse(text);
    if (event === undefined) this.#refused += 1;
    else if (event.instanceId === this.#instanceId) this.#stopWaiting(true);
    else this.#deliver(name, event);
  }

  #parse(text: string): HubEvent<Name> | undefined {
    try {
      const result = this.#schema.safeParse(JSON.parse(text));
      return result.success ? Object.freeze(result.data) : undefined;
    } catch {
      return undefined;
    }
  }

  #deliver(name: string, event: HubEvent<Name>): void {
    // A copy: who subscribes while a listener runs has not asked for this event.
    const hearing = Array.from(this.#channels.get(name)?.queues ?? []);
    for (const queue of hearing) queue.push(event);
  }

  /**
   * Nothing else tells that a connection which only listens leads nowhere.
   *
   * @returns undefined when nothing is to come back, or another message is waited for already
   */
  #expectEcho(channel: string): Echo | undefined {
    if (this.#echo !== undefined || !this.#channels.has(channel)) return undefined;
    const { clock, redis, logger } = this.#parts;
    const cancel = clock.schedule(echoWithinMs, () => {
      this.#echo = undefined;
      if (!this.#isDeaf) logger.warn({}, 'own events do not come back: the subscription is opened anew');
      this.#isDeaf = true;
      redis?.reconnectSubscriber();
    });
    this.#echo = { channel, cancel };
    return this.#echo;
  }

  #stopWaiting(isHeard = false): void {
    this.#echo?.cancel();
    this.#echo = undefined;
    if (!isHeard || !this.#isDeaf) return;
    this.#isDeaf = false;
    this.#parts.logger.info({}, 'own events come back');
  }

  status(): EventHubStatus {
    const { redis, reason } = this.#parts;
    const isThere = redis === undefined || (redis.isConnected && redis.subscriber.status === 'ready');
    return {
      backend: redis === undefined ? 'this process' : 'Redis',
      reason,
      isAsConfigured: isThere && !this.#isDeaf,
      channels: this.#channels.size,
      subscriptions: this.#subscriptions,
      refused: this.#refused,
      overflowed: this.#overflowed,
      isDeaf: this.#isDeaf,
    };
  }

  /** Ends every subscription; the shared Redis stays open, it is the caller's. */
  close(): void {
    this.#closing.abort();
    for (const [name, { queues }] of this.#channels) {
      for (const queue of queues) this.#leave(name, queue);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
