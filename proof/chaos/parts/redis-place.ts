// The Redis of a fault run: the server of the moment, and the proxies through which everybody reaches it. Owns which
// server that is (a failover changes it) and what stands in between.
import { type FaultProxy, type RedisServer, startRedis, type Watchdog } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { startLossyProxy } from './lossy-proxy.ts';

export class RedisPlace {
  readonly #proxies: readonly FaultProxy[];
  readonly #watchdog: Watchdog;
  readonly #promoted: RedisServer[] = [];
  #server: RedisServer;
  #isClosed = false;

  constructor(server: RedisServer, proxies: readonly FaultProxy[], watchdog: Watchdog) {
    this.#server = server;
    this.#proxies = proxies;
    this.#watchdog = watchdog;
  }

  get server(): RedisServer {
    return this.#server;
  }

  get proxies(): readonly FaultProxy[] {
    return this.#proxies;
  }

  /** A connection of an operator, past all proxies. */
  async run<T>(task: (redis: Redis) => Promise<T>, server: RedisServer = this.#server): Promise<T> {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 5 });
    redis.on('error', () => undefined);
    try {
      return await task(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** A second server that copies the first one through `link`, until it is promoted. */
  async startReplica(link: { readonly host: string; readonly port: number }): Promise<RedisServer> {
    const replica = await startRedis({ isPersistent: true, watchdog: this.#watchdog });
    this.#promoted.push(replica);
    if (this.#isClosed) await replica.close();
    // As a command and not as a setting: after the promotion a restart must not make it a replica again.
    await this.run((redis) => redis.replicaof(link.host, link.port), replica);
    return replica;
  }

  /** The replica is the server from now on; connections to the old one end, as a failover ends them. */
  async promote(replica: RedisServer): Promise<void> {
    await this.run((redis) => redis.replicaof('NO', 'ONE'), replica);
    this.#server = replica;
    this.#leadTo(replica);
  }

  /** Whole pub/sub messages are lost with this probability while `during` runs. */
  async losing(isLost: () => boolean, during: () => Promise<void>): Promise<void> {
    await using lossy = await startLossyProxy({ target: this.#server, isLost });
    this.#leadTo(lossy);
    try {
      await during();
    } finally {
      this.#leadTo(this.#server);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const server of this.#promoted) await server.close();
  }

  #leadTo({ host, port }: { readonly host: string; readonly port: number }): void {
    for (const proxy of this.#proxies) {
      proxy.retarget({ host, port });
      proxy.cutConnections();
    }
  }
}
