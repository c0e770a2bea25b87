// The channels that a subscriber hears, each with its handler: subscribed on every `ready`, and tried again while Redis
// refuses them. A refusal leaves the connection up (a script that blocks Redis, a permission that is missing), so no
// `ready` would ever follow. What is missed meanwhile is not made up for here: whoever listens has the log.
import type { Redis } from 'ioredis';
import type { Clock } from '../ports/clock.ts';
import { channelIn, isUnknownCommand } from './channel.ts';

export interface SubscriptionsOptions {
  /** Serves nobody else: a message of a channel that is not known here is unsubscribed from. */
  readonly subscriber: Redis;
  readonly clock: Clock;
}

export interface ListenOptions {
  /**
   * Of a slot of a Redis Cluster, to whose master the subscriber leads: only that slot's nodes carry it. A server before
   * 7.0 has no such channels, and is listened to as any other.
   */
  readonly isSharded?: boolean;
}

interface Listened {
  readonly handler: (text: string) => void;
  readonly isSharded: boolean;
}

/** A script that blocks Redis is over soon; a missing permission waits for a person. */
const firstRetryMs = 100;
const lastRetryMs = 5_000;

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listened = new Map<string, Listened>();
  readonly #refused = new Set<string>();
  #retries = 0;
  #cancelRetry: (() => void) | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    const { subscriber } = options;
    subscriber.on('ready', () => this.#subscribeAll());
    subscriber.on('message', (channel: string, text: string) => {
      const listened = this.#listened.get(channel);
      if (listened === undefined) this.#unsubscribe(channel);
      else listened.handler(text);
    });
    subscriber.on('smessage', (channel: string, text: string) => this.#listened.get(channel)?.handler(text));
  }

  /** False while the connection is down, and while Redis refuses one of the channels. */
  get isListening(): boolean {
    return this.#options.subscriber.status === 'ready' && this.#refused.size === 0;
  }

  /**
   * Hears a channel from now on, through every reconnect and refusal. One handler per channel.
   *
   * @returns whether Redis has confirmed it at the first try; pending while Redis is silent
   */
  listen(channel: string, handler: (text: string) => void, options: ListenOptions = {}): Promise<boolean> {
    const name = channelIn(this.#options.subscriber, channel);
    this.#listened.set(name, { handler, isSharded: options.isSharded === true });
    return this.#subscribe(name);
  }

  unlisten(channel: string): void {
    const name = channelIn(this.#options.subscriber, channel);
    const isSharded = this.#listened.get(name)?.isSharded === true;
    this.#listened.delete(name);
    this.#refused.delete(name);
    if (isSharded) this.#options.subscriber.sunsubscribe(name).catch(() => {});
    this.#unsubscribe(name);
  }

  /** Leaves no timer behind; the connection is its owner's to close. */
  close(): void {
    this.#listened.clear();
    this.#refused.clear();
    this.#stopRetry();
  }

  #subscribeAll(): void {
    this.#refused.clear();
    this.#retries = 0;
    this.#stopRetry();
    for (const channel of this.#listened.keys()) void this.#subscribe(channel);
  }

  /** One command per channel: one that is forbidden would have the others refused with it. */
  async #subscribe(channel: string): Promise<boolean> {
    try {
      if (this.#listened.get(channel)?.isSharded === true) await this.#subscribeShard(channel);
      else await this.#options.subscriber.subscribe(channel);
      this.#refused.delete(channel);
      if (this.#refused.size === 0) this.#retries = 0;
      return true;
    } catch {
      // Left, or closed, while it was asked for.
      if (!this.#listened.has(channel)) return false;
      this.#refused.add(channel);
      this.#retryLater();
      return false;
    }
  }

  async #subscribeShard(channel: string): Promise<void> {
    const { subscriber } = this.#options;
    try {
      await subscriber.ssubscribe(channel);
    } catch (error) {
      if (!isUnknownCommand(error)) throw error;
      await subscriber.subscribe(channel);
    }
  }

  #unsubscribe(channel: string): void {
    // Refused or lost, it is asked for again when the channel is heard.
    this.#options.subscriber.unsubscribe(channel).catch(() => {});
  }

  #retryLater(): void {
    const { clock, subscriber } = this.#options;
    // While the connection is down its `ready` is waited for.
    if (this.#cancelRetry !== undefined || subscriber.status !== 'ready') return;
    const delayMs = Math.min(firstRetryMs * 2 ** Math.min(this.#retries, 10), lastRetryMs);
    this.#retries += 1;
    this.#cancelRetry = clock.schedule(delayMs, () => {
      this.#cancelRetry = undefined;
      if (subscriber.status !== 'ready') return;
      for (const channel of this.#refused) void this.#subscribe(channel);
    });
  }

  #stopRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }
}
