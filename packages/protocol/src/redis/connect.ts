// How Tidemark connects to Redis. The defaults of ioredis suit a primary store: they wait, queue and retry. A cache
// must fail fast and never repeat a command whose outcome is unknown.
import { Redis, type RedisOptions } from 'ioredis';
import { TidemarkError } from '../errors.ts';
import { systemClock } from '../ports/system-clock.ts';
import type { KeyLayout } from '../wire/key.ts';
import { type ClusterOption, isClusterOption, refuseClusterClient, requireNodes } from './cluster-option.ts';
import { SlotSearch, slotConnector } from './slot-connector.ts';

/**
 * `redis://` or `rediss://` URL, options of ioredis (with `sentinels` for Sentinel), a client whose options are copied (it
 * is never used itself), or a Redis Cluster: `{ kind: 'cluster', nodes }`.
 */
export type RedisOption = string | RedisOptions | Redis | ClusterOption;

/** How keys are spelt there. */
export function layoutOf(option: RedisOption): KeyLayout {
  return isClusterOption(option) ? 'slots' : 'plain';
}

export interface ConnectOptions {
  /** Shown in `CLIENT LIST`. */
  readonly name: string;
  /** On a Cluster: any key of the slot whose master is wanted. Default: a master, whichever. */
  readonly slotOf?: string;
  /** A subscriber is never given other commands; whoever holds it subscribes on each `ready`, and handles what fails. */
  readonly isSubscriber?: boolean;
  /** Upper limit for any single command; callers put their own, shorter deadlines on top. */
  readonly commandTimeoutMs?: number;
  /** A new connection that can't be used by then is given up for another: for who sets no limit for single commands. */
  readonly handshakeTimeoutMs?: number;
  /** Called on each connection error; without a listener ioredis would print them itself. */
  readonly onError?: (error: Error) => void;
}

/**
 * A ready check would be an INFO, which is refused, and ends the connection, when a subscription was sent before it.
 * ioredis would also repeat subscriptions by itself, but nobody catches it when the connection breaks meanwhile: such a
 * rejection ends the process (R4).
 */
const subscriberOptions: RedisOptions = {
  autoResubscribe: false,
  enableOfflineQueue: true,
  enableReadyCheck: false,
};

/** @throws TidemarkError `REDIS_URL_INVALID`, `REDIS_CLUSTER_INVALID` */
export function connectRedis(option: RedisOption, connect: ConnectOptions): Redis {
  const options: RedisOptions = {
    connectionName: connect.name,
    connectTimeout: 2_000,
    // A command that waits for a connection has lost its deadline already.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Resending would execute a publish twice, and would make the moment at which a head was read unknown.
    autoResendUnfulfilledCommands: false,
    keepAlive: 5_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), 1_000),
    ...(connect.commandTimeoutMs === undefined ? {} : { commandTimeout: connect.commandTimeoutMs }),
    ...(connect.isSubscriber === true ? subscriberOptions : {}),
  };
  const redis = isClusterOption(option) ? toSlot(option, connect, options) : create(option, options);
  if (!isClusterOption(option)) sayWhenInCluster(redis);
  redis.on('error', (error: Error) => connect.onError?.(hasLeft(error) ? slotLeft(error) : error));
  nameOnConnect(redis, connect.name);
  if (connect.handshakeTimeoutMs !== undefined) limitHandshake(redis, connect.handshakeTimeoutMs);
  return redis;
}

/**
 * Gives a connection up for a new one. ioredis waits for the end of the old one, which may have come already: then
 * nothing else would ever connect again.
 */
export function reconnect(redis: Redis): void {
  const isMade = redis.status === 'ready' || redis.status === 'connect';
  if (!isMade || redis.stream.writable) {
    redis.disconnect(true);
  } else if (redis.stream.closed) {
    redis.status = 'close';
    redis.connect().catch(() => {});
  }
  // Else it was given up before: a peer that does not answer has 2 s to end it, and each asking leaves a listener.
}

/**
 * The name that ioredis would give, and what it tells of itself, are answers that it waits for before it is ready. It
 * goes on waiting when the connection is lost meanwhile, says `ready` of a dead one, and never connects again (R6).
 */
function nameOnConnect(redis: Redis, name: string): void {
  // Taken back here, whoever had given it: in the options, the query of a URL would overrule it.
  Object.assign(redis.options, { connectionName: '', disableClientInfo: true });
  // Before anything else is sent: a subscriber may not give itself a name.
  redis.on('connect', () => {
    redis.client('SETNAME', name).catch(() => {});
  });
}

/** ioredis has no limit between the connection and the answers that it waits for: a silent peer would hold it for ever. */
function limitHandshake(redis: Redis, timeoutMs: number): void {
  let cancel = (): void => {};
  redis.on('connect', () => {
    cancel = systemClock.schedule(timeoutMs, () => reconnect(redis));
  });
  for (const event of ['ready', 'close', 'end']) redis.on(event, () => cancel());
}

function toSlot(option: ClusterOption, connect: ConnectOptions, options: RedisOptions): Redis {
  requireNodes(option);
  const { username, password, tls } = option;
  const search = new SlotSearch(option, connect.slotOf ?? '');
  const redis = new Redis({
    ...options,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    Connector: slotConnector(search, tls),
    // Not resent (that would be 2): the command may have been carried out, and a reading must not change its server.
    reconnectOnError: (error) => search.isElsewhere(error),
  });
  if (connect.isSubscriber === true) reconnectWhenSlotLeaves(redis);
  return redis;
}

/**
 * A sharded channel goes away with its slot, and ioredis has no word for either way of learning it: the answer to
 * SSUBSCRIBE that says where the slot is ends in an event of its own, and the news that a channel was left, which nobody
 * had asked for, in an error of its queue.
 */
function reconnectWhenSlotLeaves(subscriber: Redis): void {
  subscriber.on('moved', () => reconnect(subscriber));
  subscriber.on('error', (error: Error) => {
    if (hasLeft(error)) reconnect(subscriber);
  });
}

function hasLeft(error: Error): boolean {
  return error.message.startsWith('Command queue state error');
}

/** For people: the words of ioredis ask for a report of a bug. */
function slotLeft(cause: Error): Error {
  return new Error('the slot of the channels has moved to another node of the Redis Cluster', { cause });
}

/**
 * One node of a Cluster takes a connection like any server, and then refuses every command whose keys it does not have, or
 * not in one slot. Its own words do not tell what to do: every caller gets ours, as the error of its command.
 */
function sayWhenInCluster(redis: Redis): void {
  const { reconnectOnError } = redis.options;
  redis.options.reconnectOnError = (error) => {
    if (/^(?:CROSSSLOT|MOVED)\b/.test(error.message)) {
      error.message =
        'this Redis is a node of a Cluster, and is taken for a single server: name nodes of the Cluster by ' +
        "REDIS_CLUSTER, or in code by redis: { kind: 'cluster', nodes }";
    }
    return reconnectOnError?.(error) ?? false;
  };
}

function create(option: Exclude<RedisOption, ClusterOption>, options: RedisOptions): Redis {
  if (typeof option === 'string') {
    if (!/^rediss?:\/\/./.test(option)) {
      throw new TidemarkError(
        `the Redis URL must start with redis:// or rediss://, got ${JSON.stringify(option.split(':')[0])}…; ` +
          'for example redis://127.0.0.1:6379',
        { code: 'REDIS_URL_INVALID' },
      );
    }
    return new Redis(option, options);
  }
  refuseClusterClient(option);
  return option instanceof Redis ? option.duplicate(options) : new Redis({ ...option, ...options });
}
