// The two Redis connections of a cache, or of what stands beside it: one for commands, one that listens. Trouble with
// either costs time within a deadline, never an error (R4).
import {
  type Clock,
  connectRedis,
  type KeyLayout,
  layoutOf,
  type ListenOptions,
  type Logger,
  reconnect,
  type RedisOption,
  Subscriptions,
} from '@tidemark/protocol';
import { type Redis, ReplyError } from 'ioredis';
import { Deadlines } from './deadlines.ts';

export interface CacheRedisOptions {
  readonly redis: RedisOption;
  /** On a Redis Cluster: any key of the slot that both connections lead to. */
  readonly slotOf?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Deadline of one command on the read path. */
  readonly readTimeoutMs: number;
  /** What CLIENT LIST shows, of each connection. */
  readonly names?: { readonly commands: string; readonly subscriber: string };
}

const cacheNames = { commands: 'tidemark-cache', subscriber: 'tidemark-listener' };

/** Deadline of a command beside the read path, and of a new connection until it can be used. */
const commandTimeoutMs = 1_000;

/** After a failure the read path goes past Redis for so long; then one read tries it again. */
const breakMs = 500;

/** Commands of the read path that wait for their answers; beyond, a reader is better off with the source. */
const maxUnderWay = 10_000;

/** Tries in vain, after which the connection is given up: the server may be gone without a word. */
const deadProbes = 4;

export class CacheRedis {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** How keys are spelt where the connections lead. */
  readonly layout: KeyLayout;
  /** As it was given; every key that is sent has to be in its slot. */
  readonly slotOf: string;
  readonly #options: CacheRedisOptions;
  readonly #subscriptions: Subscriptions;
  readonly #readDeadlines: Deadlines;
  readonly #commandDeadlines: Deadlines;
  #epoch = 0;
  #isDown = false;
  #brokenUntilMs = Number.NEGATIVE_INFINITY;
  #failedProbes = 0;
  #underWay = 0;
  #errors = 0;

  constructor(options: CacheRedisOptions) {
    this.#options = options;
    const { redis, slotOf = '', clock, readTimeoutMs, names = cacheNames } = options;
    this.#readDeadlines = new Deadlines(clock, readTimeoutMs);
    this.#commandDeadlines = new Deadlines(clock, commandTimeoutMs);
    this.layout = layoutOf(redis);
    this.slotOf = slotOf;
    const onError = (error: Error): void => this.#tellDown(error);
    const handshakeTimeoutMs = commandTimeoutMs;
    this.commands = connectRedis(redis, { name: names.commands, slotOf, handshakeTimeoutMs, onError });
    this.subscriber = connectRedis(redis, { name: names.subscriber, slotOf, isSubscriber: true, onError });
    this.commands.on('close', () => {
      this.#epoch += 1;
    });
    this.commands.on('ready', () => this.#tellBack());
    this.#subscriptions = new Subscriptions({ subscriber: this.subscriber, clock });
  }

  /** Grows with each lost connection: two answers belong together only within one epoch. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Commands that failed or came too late. */
  get errors(): number {
    return this.#errors;
  }

  get isConnected(): boolean {
    return this.commands.status === 'ready';
  }

  /** False while the read path goes past Redis. */
  get isUsable(): boolean {
    return this.isConnected && this.#options.clock.monotonicMs() >= this.#brokenUntilMs;
  }

  /**
   * Hears a channel from now on, through every reconnect and refusal. One handler per channel.
   *
   * @returns whether Redis has confirmed it at the first try; pending while Redis is silent
   */
  listen(channel: string, handler: (text: string) => void, options?: ListenOptions): Promise<boolean> {
    return this.#subscriptions.listen(channel, handler, options);
  }

  unlisten(channel: string): void {
    this.#subscriptions.unlisten(channel);
  }

  /** Runs a command of the read path. @returns undefined when Redis is down, late, or was so a moment ago */
  attempt<T>(run: (commands: Redis) => Promise<T>): Promise<T | undefined> {
    const { clock, readTimeoutMs } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!this.isUsable || this.#underWay >= maxUnderWay) return Promise.resolve(undefined);
    // Half open: whoever comes while the first one tries goes past.
    const isProbe = this.#brokenUntilMs !== Number.NEGATIVE_INFINITY;
    if (isProbe) this.#brokenUntilMs = nowMs + breakMs;
    this.#underWay += 1;
    return new Promise((resolve) => {
      let isOver = false;
      const end = (result: T | undefined, error?: unknown): void => {
        if (isOver) return;
        isOver = true;
        this.#underWay -= 1;
        this.#readDeadlines.end(deadline);
        if (error !== undefined) this.#fail(error, isProbe);
        else this.#heal();
        resolve(result);
      };
      const fail = (error: unknown): void => end(undefined, error ?? new Error('no reason'));
      const deadline = this.#readDeadlines.begin(() => fail(new NoAnswer(readTimeoutMs)));
      try {
        run(this.commands).then(end, fail);
      } catch (error) {
        // What can not even be sent is no other matter to a reader than what is not answered (R4).
        fail(error);
      }
    });
  }

  /** Runs a command beside the read path. @throws what Redis refuses; NoAnswer after a second */
  ask<T>(run: (commands: Redis) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.#commandDeadlines.begin(() => reject(new NoAnswer(commandTimeoutMs)));
      run(this.commands)
        .finally(() => this.#commandDeadlines.end(deadline))
        .then(resolve, reject);
    });
  }

  #fail(error: unknown, isProbe: boolean): void {
    this.#errors += 1;
    // A refusal is an answer: the server is there, and the next command may fare better.
    if (error instanceof ReplyError) this.#heal();
    else this.#break(error, isProbe);
  }

  #heal(): void {
    this.#brokenUntilMs = Number.NEGATIVE_INFINITY;
    this.#failedProbes = 0;
    this.#tellBack();
  }

  #break(error: unknown, isProbe: boolean): void {
    this.#brokenUntilMs = this.#options.clock.monotonicMs() + breakMs;
    this.#tellDown(error);
    if (!isProbe) return;
    this.#failedProbes += 1;
    if (this.#failedProbes < deadProbes) return;
    this.#failedProbes = 0;
    this.reconnectCommands();
  }

  /** The server is silent, but the connection does not know: a new one has a chance. */
  reconnectCommands(): void {
    reconnect(this.commands);
  }

  reconnectSubscriber(): void {
    reconnect(this.subscriber);
  }

  close(): void {
    this.#readDeadlines.close();
    this.#commandDeadlines.close();
    this.#subscriptions.close();
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Each change of state is told once. */
  #tellBack(): void {
    if (this.#isDown) this.#options.logger.info({}, 'Redis is back');
    this.#isDown = false;
  }

  #tellDown(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.#isDown) this.#options.logger.warn({ reason }, 'Redis fails, reads go past it');
    this.#isDown = true;
  }
}

class NoAnswer extends Error {
  constructor(timeoutMs: number) {
    super(`no answer from Redis within ${timeoutMs} ms`);
  }
}
