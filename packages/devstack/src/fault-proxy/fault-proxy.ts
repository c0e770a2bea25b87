// A TCP proxy that breaks connections on purpose: refuses, resets, goes silent, delays, trickles. Owns the listener and
// its connections; what happens to bytes on their way is in direction.ts. Never looks into the bytes.
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { DevstackError } from '../devstack-error.ts';
import { onFreePort } from '../processes/free-port.ts';
import { Direction, type DirectionMode } from './direction.ts';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface FaultProxyOptions {
  readonly target: ProxyTarget;
  /** Default: a free one. */
  readonly port?: number;
}

/** toServer: what clients send. toClient: what they get. */
export type FaultDirection = 'toServer' | 'toClient' | 'both';

export interface FaultProxyCounts {
  /** Connections accepted since the start. */
  readonly accepted: number;
  readonly open: number;
  /** Connections that were reset by cut() or cutConnections(). */
  readonly cut: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly counts: FaultProxyCounts;
  /** The same URL, through the proxy. */
  urlFor(url: string): string;
  /** Resets all connections and refuses new ones until heal(). */
  cut(): Promise<void>;
  /** Resets all connections; new ones are accepted. */
  cutConnections(): void;
  /** Connections stay open, new ones are accepted, nothing passes; what was sent meanwhile passes after heal(). */
  silence(direction?: FaultDirection): void;
  delay(ms: number, direction?: FaultDirection): void;
  slow(bytesPerSecond: number, direction?: FaultDirection): void;
  /** Everything passes again, in the order in which it came. */
  heal(): Promise<void>;
  /** New connections go to another server (a failover); existing ones stay where they are. */
  retarget(target: ProxyTarget): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** A client that has written without waiting (a pool warming up) must not lose its connection to a short queue. */
const backlog = 511;

/**
 * @throws DevstackError DEVSTACK_START_FAILED when the port that was asked for is taken
 */
export function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  return onFreePort(options.port, async (port) => {
    const proxy = new TcpFaultProxy(options.target, port);
    await proxy.listen();
    return proxy;
  });
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly toServer: Direction;
  readonly toClient: Direction;
}

class TcpFaultProxy implements FaultProxy {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #connections = new Set<Connection>();
  #target: ProxyTarget;
  #listener: Server | undefined;
  #modes: Record<'toServer' | 'toClient', DirectionMode> = { toServer: passing, toClient: passing };
  #accepted = 0;
  #cut = 0;
  #bytesToServer = 0;
  #bytesToClient = 0;
  #isClosed = false;

  constructor(target: ProxyTarget, port: number) {
    this.#target = target;
    this.port = port;
  }

  get counts(): FaultProxyCounts {
    return {
      accepted: this.#accepted,
      open: this.#connections.size,
      cut: this.#cut,
      bytesToServer: this.#bytesToServer,
      bytesToClient: this.#bytesToClient,
    };
  }

  urlFor(url: string): string {
    const through = new URL(url);
    through.hostname = this.host;
    through.port = String(this.port);
    return through.href;
  }

  async listen(): Promise<void> {
    if (this.#listener !== undefined) return;
    // allowHalfOpen: a client that has finished sending may still be waiting for the answer.
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    this.#listener = listener;
    try {
      listener.listen({ port: this.port, host: this.host, backlog });
      await once(listener, 'listening');
    } catch (cause) {
      this.#listener = undefined;
      const message = `the fault proxy cannot listen on ${this.host}:${this.port}`;
      throw new DevstackError('DEVSTACK_START_FAILED', message, { cause });
    }
  }

  async cut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    // Stops listening at once; the callback waits for the connections, which end here.
    const closed = listener === undefined ? undefined : once(listener, 'close');
    listener?.close();
    this.cutConnections();
    await closed;
  }

  cutConnections(): void {
    for (const connection of this.#connections) {
      this.#cut += 1;
      this.#drop(connection);
    }
  }

  silence(direction: FaultDirection = 'both'): void {
    this.#setMode({ kind: 'silent' }, direction);
  }

  delay(ms: number, direction: FaultDirection = 'both'): void {
    if (!(ms >= 0)) throw optionError('delay', 'a number of milliseconds, zero or more', ms);
    this.#setMode({ kind: 'delayed', ms }, direction);
  }

  slow(bytesPerSecond: number, direction: FaultDirection = 'both'): void {
    if (!(bytesPerSecond > 0))
      throw optionError('slow', 'a positive number of bytes per second', bytesPerSecond);
    this.#setMode({ kind: 'slow', bytesPerSecond }, direction);
  }

  async heal(): Promise<void> {
    this.#setMode(passing, 'both');
    if (!this.#isClosed) await this.listen();
  }

  retarget(target: ProxyTarget): void {
    this.#target = target;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.cut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const connection: Connection = {
      client,
      server,
      toServer: new Direction({
        source: client,
        sink: server,
        mode: this.#modes.toServer,
        onBytes: (count) => (this.#bytesToServer += count),
      }),
      toClient: new Direction({
        source: server,
        sink: client,
        mode: this.#modes.toClient,
        onBytes: (count) => (this.#bytesToClient += count),
      }),
    };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      // What an error means to the other side is Direction's business ('close' follows); unhandled it would throw.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.destroyed && server.destroyed) this.#drop(connection);
      });
    }
  }

  #drop(connection: Connection): void {
    this.#connections.delete(connection);
    connection.toServer.end();
    connection.toClient.end();
    connection.client.resetAndDestroy();
    connection.server.resetAndDestroy();
  }

  #setMode(mode: DirectionMode, direction: FaultDirection): void {
    for (const name of ['toServer', 'toClient'] as const) {
      if (direction !== 'both' && direction !== name) continue;
      this.#modes[name] = mode;
      for (const connection of this.#connections) connection[name].setMode(mode);
    }
  }
}

const passing: DirectionMode = { kind: 'passing' };

function optionError(name: string, rule: string, value: number): DevstackError {
  return new DevstackError('DEVSTACK_OPTION', `${name} must be ${rule}, got ${value}`);
}
