// A real Redis with a fault proxy before it, for tests of what stands beside the caches.
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import type { RecordedLog } from '@tidemark/devstack/fakes';
import { Redis } from 'ioredis';
import { openSharedRedis, type SharedRedis } from '../redis/shared-redis.ts';

/** Longer than usual: on a loaded machine a healthy Redis must not be taken for a broken one. */
const timeout = '1s';

/** Everybody that the tests know; nothing else is removed from a Redis that may be shared. */
const users = ['ada', 'bob'];

export class RedisScene implements AsyncDisposable {
  readonly proxy: FaultProxy;
  /** Past the proxy. */
  readonly admin: Redis;
  readonly #server: RedisServer;

  private constructor(server: RedisServer, proxy: FaultProxy) {
    this.#server = server;
    this.proxy = proxy;
    this.admin = new Redis(server.url);
  }

  static async start(): Promise<RedisScene> {
    const server = await startRedis();
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.port } });
    return new RedisScene(server, proxy);
  }

  /** For each test: nothing is broken, nobody is known, and the connections are there. */
  async open(logger: RecordedLog): Promise<SharedRedis> {
    await this.proxy.heal();
    await this.admin.del(
      users.flatMap((user) => [`copilot:auth:validation:${user}`, `copilot:ratelimit:default:${user}`]),
    );
    const redis = openSharedRedis({ redis: `redis://127.0.0.1:${this.proxy.port}`, logger, timeout });
    await connected(redis);
    return redis;
  }

  /** Of another instance, past the proxy. */
  async openAnother(): Promise<SharedRedis> {
    const redis = openSharedRedis({ redis: this.#server.url, timeout });
    await connected(redis);
    return redis;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.disconnect();
    await this.proxy.close();
    await this.#server.close();
  }
}

export async function connected(redis: SharedRedis): Promise<void> {
  await until(() => redis.isConnected && redis.subscriber.status === 'ready', { what: 'the connection' });
}

/** What a component said at a level. */
export function messagesOf(log: RecordedLog, level: 'warn' | 'info', component: string): readonly string[] {
  return log.lines
    .filter((line) => line.level === level && line.fields['component'] === component)
    .map(({ message }) => message);
}
