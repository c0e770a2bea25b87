// The Redis connections of an engine: one for scripts, one that hears the apps' hints.
import {
  connectRedis,
  type KeyLayout,
  layoutOf,
  type Logger,
  reconnect,
  type RedisOption,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';

/** A script that takes longer than this has an unknown outcome. */
const scriptTimeoutMs = 1_000;

/** So many of them in a row, and the connection counts as dead: nothing else tells of a peer that is gone without a word. */
const deadAfterTimeouts = 3;

export interface EngineRedisOptions {
  /** On a Redis Cluster: any key of the slot that both connections lead to. */
  readonly slotOf?: string;
  readonly logger: Logger;
}

export class EngineRedis {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** How keys are spelt where the connections lead. */
  readonly layout: KeyLayout;
  readonly #tried = Promise.withResolvers<void>();
  #epoch = 0;
  #timeouts = 0;
  #errors = 0;

  constructor(option: RedisOption, { slotOf = '', logger }: EngineRedisOptions) {
    this.layout = layoutOf(option);
    let isDown = false;
    const onError = (error: Error): void => {
      this.#errors += 1;
      if (!isDown) logger.warn({ reason: error.message }, 'Redis can not be reached');
      isDown = true;
      this.#tried.resolve();
    };
    this.commands = connectRedis(option, {
      name: 'tidemark-engine',
      slotOf,
      commandTimeoutMs: scriptTimeoutMs,
      onError,
    });
    this.subscriber = connectRedis(option, {
      name: 'tidemark-engine-hints',
      slotOf,
      isSubscriber: true,
      onError,
    });
    this.commands.on('ready', () => {
      if (isDown) logger.info({}, 'Redis is back');
      isDown = false;
      this.#tried.resolve();
    });
    this.commands.on('close', () => {
      this.#epoch += 1;
    });
  }

  /** Grows with each lost connection: what was learnt before may be unknown to the server of now. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Commands that failed, and connections that were lost or refused. */
  get errors(): number {
    return this.#errors;
  }

  /** Resolves when the first attempt to connect has ended, well or not: before that there is nothing to report. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Runs a command. A connection that stays open and answers nothing is given up for another one. */
  async ask<T>(run: (commands: Redis) => Promise<T>): Promise<T> {
    try {
      const answer = await run(this.commands);
      this.#timeouts = 0;
      return answer;
    } catch (error) {
      this.#errors += 1;
      if (isTimeout(error)) this.#countTimeout();
      throw error;
    }
  }

  #countTimeout(): void {
    this.#timeouts += 1;
    if (this.#timeouts < deadAfterTimeouts) return;
    this.#timeouts = 0;
    reconnect(this.commands);
    // It led to the same server, and has no commands of its own to be judged by.
    reconnect(this.subscriber);
  }

  close(): void {
    this.commands.disconnect();
    this.subscriber.disconnect();
  }
}

/** ioredis gives this error no code. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}
