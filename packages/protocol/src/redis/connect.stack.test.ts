// How Tidemark connects to Redis: fails fast, repeats nothing, copies what it was given.
import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type ConnectOptions, reconnect, type RedisOption } from './connect.ts';

let server: RedisServer;
let proxy: FaultProxy;
const open: Redis[] = [];

beforeAll(async () => {
  server = await startRedis();
  proxy = await startFaultProxy({ target: { host: server.host, port: server.port } });
});

afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});

afterAll(async () => {
  await proxy.close();
  await server.close();
});

function connect(option: RedisOption, options: Partial<ConnectOptions> = {}): Redis {
  const redis = connectRedis(option, { name: 'test', ...options });
  open.push(redis);
  return redis;
}

async function ready(redis: Redis): Promise<void> {
  await until(() => redis.status === 'ready', { what: 'a connection' });
}

describe('a connection', () => {
  it.each<[string, (url: URL) => RedisOption]>([
    ['a URL', (url) => url.href],
    ['options', (url) => ({ host: url.hostname, port: Number(url.port) })],
    [
      'a client',
      (url) => {
        const client = new Redis(url.href);
        open.push(client);
        return client;
      },
    ],
  ])('is made from %s, and bears its name', async (_what, toOption) => {
    const redis = connect(toOption(new URL(server.url)), { name: 'tidemark-test' });
    await ready(redis);
    expect(await redis.client('GETNAME')).toBe('tidemark-test');
  });

  it('copies the options of a client and never uses the client itself', async () => {
    const client = new Redis(server.url, { keyPrefix: 'theirs:' });
    open.push(client);
    const redis = connect(client);
    expect(redis).not.toBe(client);
    expect(client.options.enableOfflineQueue).toBe(true);
    expect(redis.options.enableOfflineQueue).toBe(false);
  });

  it.each(['localhost:6379', 'http://user:secret@host', '', 'redis://'])(
    'refuses the URL %j without showing what may be a password',
    (url) => {
      const attempt = (): unknown => connect(url);
      expect(attempt).toThrow(expect.objectContaining({ code: 'REDIS_URL_INVALID' }));
      expect(attempt).not.toThrow(/secret/);
    },
  );

  it('that is not there yet refuses a command at once instead of queueing it (R4)', async () => {
    const redis = connect('redis://127.0.0.1:1', { onError: () => {} });
    await expect(redis.get('k')).rejects.toThrow();
  });

  it('reports its errors to whoever made it', async () => {
    const errors: Error[] = [];
    connect('redis://127.0.0.1:1', { onError: (error) => errors.push(error) });
    await until(() => errors.length > 0, { what: 'an error' });
    expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not repeat a command whose outcome is unknown: a publish is never run twice (R1)', async () => {
    const redis = connect(`redis://127.0.0.1:${proxy.port}`, { onError: () => {} });
    await ready(redis);
    await redis.set('count', 0);
    proxy.silence('toClient');
    const answer = redis.incr('count').then(String, () => 'failed');
    const direct = connect(server.url);
    await ready(direct);
    await until(async () => (await direct.get('count')) === '1', { what: 'the command to be executed' });
    proxy.cutConnections();
    expect(await answer).toBe('failed');
    await proxy.heal();
    await ready(redis);
    expect(await redis.incr('count')).toBe(2);
  });

  it('gives a command up that is not answered within its timeout (R4)', async () => {
    const redis = connect(`redis://127.0.0.1:${proxy.port}`, { commandTimeoutMs: 50, onError: () => {} });
    await ready(redis);
    proxy.silence('toClient');
    await expect(redis.get('k')).rejects.toThrow('timed out');
    await proxy.heal();
  });

  it('that a silent peer accepted is given up for another, until one can be used (R6)', async () => {
    const dead = new Set<Socket>();
    const mute = createServer((socket) => dead.add(socket.on('error', () => {})));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const redis = connect(`redis://127.0.0.1:${port}`, { handshakeTimeoutMs: 50, onError: () => {} });
    await until(() => dead.size > 2, { what: 'a third attempt' });
    redis.disconnect();
    for (const socket of dead) socket.destroy();
    mute.close();
  });

  it('of a subscriber that breaks while it subscribes again fails nobody, and hears when it is back (R4, R6)', async () => {
    const alone: unknown[] = [];
    const onAlone = (reason: unknown): void => void alone.push(reason);
    process.on('unhandledRejection', onAlone);
    const heard: string[] = [];
    const subscriber = connect(`redis://127.0.0.1:${proxy.port}`, { isSubscriber: true, onError: () => {} });
    subscriber.on('message', (_channel, text: string) => heard.push(text));
    await subscriber.subscribe('channel');
    let breaks = 0;
    subscriber.on('ready', () => {
      subscriber.subscribe('channel').catch(() => {});
      breaks += 1;
      // Sent, and not answered yet.
      if (breaks <= 3) proxy.cutConnections();
    });
    proxy.cutConnections();
    await until(() => breaks > 3, { what: 'a connection that holds' });
    process.off('unhandledRejection', onAlone);
    expect(alone).toEqual([]);
    const direct = connect(server.url);
    await ready(direct);
    await until(async () => (await direct.publish('channel', 'again')) === 1, { what: 'a new subscription' });
    await until(() => heard.length > 0, { what: 'the message' });
    expect(heard).toEqual(['again']);
  });
});

/** A Redis that is started again: it accepts connections, and resets them at their first bytes. */
class RestartingFront implements Disposable {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #doomed = 0;

  constructor() {
    this.#server = createServer((client) => this.#accept(client));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  get doomed(): number {
    return this.#doomed;
  }

  /** Resets all connections, and so many of the next ones. */
  restart(doomed: number): void {
    this.#doomed = doomed;
    for (const client of this.#clients) client.resetAndDestroy();
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#doomed > 0) {
      this.#doomed -= 1;
      client.once('data', () => client.resetAndDestroy());
      return;
    }
    this.#clients.add(client);
    const redis = connectTo(server.port, server.host);
    redis.on('error', () => {});
    client.on('close', () => {
      this.#clients.delete(client);
      redis.destroy();
    });
    redis.on('close', () => client.destroy());
    client.pipe(redis).pipe(client);
  }

  [Symbol.dispose](): void {
    this.restart(0);
    this.#server.close();
  }
}

describe('a connection that is reset right after it was made', () => {
  it.each<[string, (url: string) => RedisOption, Partial<ConnectOptions>]>([
    ['a subscriber', (url) => url, { isSubscriber: true }],
    ['a subscriber whose URL names it', (url) => `${url}?connectionName=theirs`, { isSubscriber: true }],
    ['commands', (url) => url, {}],
    [
      'commands without a ready check',
      (url) => ({ ...portOf(url), host: '127.0.0.1', enableReadyCheck: false }),
      {},
    ],
  ])('is made again: %s (R6)', async (_what, toOption, options) => {
    using front = new RestartingFront();
    const url = `redis://127.0.0.1:${await front.listen()}`;
    const redis = connect(toOption(url), { ...options, onError: () => {} });
    await ready(redis);
    front.restart(2);
    await until(() => front.doomed === 0, { what: 'the connections that are reset' });
    // Of a subscriber too: it has subscribed to nothing.
    const isAnswered = (): Promise<boolean> =>
      redis.ping().then(
        () => true,
        () => false,
      );
    await until(() => redis.status === 'ready' && redis.stream.writable && isAnswered(), {
      what: 'a connection that answers',
    });
    expect(await redis.client('GETNAME')).toBe('test');
  });
});

describe('reconnecting', () => {
  it('makes a new connection while the old one is up', async () => {
    const redis = connect(server.url);
    await ready(redis);
    const before = await redis.client('ID');
    reconnect(redis);
    await until(() => redis.status !== 'ready', { what: 'the end of the old connection' });
    await ready(redis);
    expect(await redis.client('ID')).not.toBe(before);
  });

  it('makes a new connection after an end that ioredis did not notice (R6)', async () => {
    const redis = connect(server.url);
    await ready(redis);
    redis.stream.removeAllListeners('close');
    redis.stream.destroy();
    await until(() => redis.stream.closed, { what: 'the end' });
    expect(redis.status).toBe('ready');
    reconnect(redis);
    await until(() => redis.status === 'ready' && redis.stream.writable, { what: 'a new connection' });
    expect(await redis.ping()).toBe('PONG');
  });

  it('gives a silent connection up once, however often it is asked', async () => {
    const redis = connect(`redis://127.0.0.1:${proxy.port}`, { onError: () => {} });
    await ready(redis);
    proxy.silence();
    const { stream } = redis;
    reconnect(redis);
    const listeners = stream.listenerCount('close');
    for (let times = 0; times < 10; times += 1) reconnect(redis);
    expect(stream.listenerCount('close')).toBe(listeners);
    await proxy.heal();
    await until(() => redis.stream !== stream, { what: 'a new connection' });
    await ready(redis);
  });
});

function portOf(url: string): { port: number } {
  return { port: Number(new URL(url).port) };
}
