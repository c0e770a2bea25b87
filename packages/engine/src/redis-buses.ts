// What an engine has of Redis: per place the connections of its rounds and the hints of its apps. Owns them from the first
// namespace that asks until `close`; publishes nothing itself.
import { ByNamespace, type Clock, layoutOf, type Logger, type RedisOption } from '@tidemark/protocol';
import type { HintHost, HintStatus } from './hints/hint-source.ts';
import { RedisHints, statusOfApps } from './hints/redis-hints.ts';
import { EngineRedis } from './redis.ts';

/** The connections of a namespace, of all of them where one server holds all. */
interface Bus {
  readonly redis: EngineRedis;
  readonly hints: RedisHints;
}

export interface RedisBusesOptions {
  readonly redis: RedisOption;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: HintHost;
  /** A connection is there, or there again. */
  readonly onReady: () => void;
  /** A publisher of the namespace says that it goes for good, and which head it leaves. */
  readonly onLeaving: (namespace: string, head: string) => void;
}

export interface RedisBusesStatus {
  readonly redis: 'connected' | 'unreachable';
  /** Commands that failed, and connections that were lost or refused, since the start. */
  readonly redisErrors: number;
  readonly apps: HintStatus;
}

export class RedisBuses {
  readonly #buses: ByNamespace<Bus>;

  constructor({ redis: option, keyPrefix, clock, logger, host, onReady, onLeaving }: RedisBusesOptions) {
    const layout = layoutOf(option);
    const open = (_: string, slotOf: string): Bus => {
      const redis = new EngineRedis(option, { slotOf, logger });
      redis.commands.on('ready', onReady);
      const { subscriber } = redis;
      const hints = new RedisHints({ subscriber, layout, clock, keyPrefix, host, onLeaving });
      return { redis, hints };
    };
    this.#buses = new ByNamespace({ layout, keyPrefix, open });
  }

  redisOf(namespace: string): EngineRedis {
    return this.#buses.of(namespace).redis;
  }

  /**
   * Hears the apps of one more namespace.
   *
   * @returns when the first attempt to connect has ended, well or not
   */
  listen(namespace: string): Promise<void> {
    const { redis, hints } = this.#buses.of(namespace);
    hints.listen(namespace);
    return redis.tried;
  }

  status(): RedisBusesStatus {
    const buses = this.#buses.opened;
    const isConnected = buses.every(({ redis }) => redis.commands.status === 'ready');
    return {
      redis: isConnected ? 'connected' : 'unreachable',
      redisErrors: buses.reduce((sum, { redis }) => sum + redis.errors, 0),
      apps: statusOfApps(buses.map(({ hints }) => hints)),
    };
  }

  close(): void {
    for (const { hints, redis } of this.#buses.opened) {
      hints.close();
      redis.close();
    }
  }
}
