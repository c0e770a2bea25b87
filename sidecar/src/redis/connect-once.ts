// One attempt to connect to Redis, with a deadline: for checks and commands, which report a failure and do not wait.
import { type Clock, connectRedis, deadlineIn } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { type RedisConfig, redisOption } from '../config/redis-config.ts';

const connectDeadlineMs = 3_000;

export interface ConnectOnceOptions {
  /** Shown in `CLIENT LIST`. */
  readonly name: string;
  readonly clock: Clock;
  /** On a Cluster: any key of the slot that is meant. Default: the master of any. */
  readonly slotOf?: string;
  /** Default false. */
  readonly isSubscriber?: boolean;
}

/**
 * @returns a client that is ready, and connects again by itself when it loses the connection; the caller ends it
 * @throws the error of Redis or of the socket
 */
export async function connectOnce(config: RedisConfig, options: ConnectOnceOptions): Promise<Redis> {
  const { name, clock, slotOf = '', isSubscriber = false } = options;
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  using deadline = deadlineIn(clock, connectDeadlineMs);
  const redis = connectRedis(redisOption(config), {
    name,
    slotOf,
    isSubscriber,
    ...(isSubscriber ? {} : { commandTimeoutMs: connectDeadlineMs }),
    onError: reject,
  });
  redis.once('ready', resolve);
  deadline.signal.addEventListener('abort', () => reject(new Error('no answer')));
  try {
    await connected;
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}
