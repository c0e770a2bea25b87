// The Realtime gateway of the local stack: what an unmodified supabase-js talks to on /realtime/v1/websocket.
// Owns the life of its parts and the door: the token of a connection is checked here, before it is one. Never listens by
// itself: the server in front of it hands over upgrades.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { BroadcastFeed } from './broadcast-feed.ts';
import { ChangesFeed } from './changes-feed.ts';
import { Connection } from './connection.ts';
import { Database } from './database.ts';
import { DevstackError } from '../devstack-error.ts';
import { serveHttp } from './http-broadcast.ts';
import { Hub } from './hub.ts';
import {
  type RealtimeGatewayOptions,
  type ResolvedRealtimeOptions,
  resolveRealtimeOptions,
} from './options.ts';
import { checkToken } from './token.ts';
import { recordedVices, type RealtimeVices } from './vices.ts';

/** How the sockets end: 1012 as after SIGTERM, 1006 as after SIGKILL. */
export type RestartCode = 1012 | 1006;

export interface RealtimeGateway extends AsyncDisposable {
  /** What is wrong with it, to be changed at any time. */
  readonly vices: RealtimeVices;
  /**
   * Resolves when both feeds decode. Needs `realtimeSql` in the database.
   *
   * @throws DevstackError DEVSTACK_START_FAILED when PostgreSQL cannot be decoded within 20 s
   */
  start(): Promise<void>;
  /** For the `upgrade` event of an HTTP server; any path that ends with /websocket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** POST .../api/broadcast and .../api/broadcast/{topic}/events/{event}; 404 for everything else. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Every socket ends, everything in memory is lost, and nobody can connect for `downForMs` (default 0). */
  restart(code: RestartCode, downForMs?: number): Promise<void>;
  /** Every present subscription to postgres_changes is dead, and no client hears of it (10-*). */
  stopChangesWorker(): Promise<void>;
  /** Idempotent. No socket, timer or connection is left. */
  close(): Promise<void>;
}

export function createRealtimeGateway(options: RealtimeGatewayOptions): RealtimeGateway {
  return new LocalRealtimeGateway(resolveRealtimeOptions(options));
}

const startDeadlineMs = 20_000;
const maxFrameBytes = 10_000_000;

class LocalRealtimeGateway implements RealtimeGateway {
  readonly vices: RealtimeVices = recordedVices();
  readonly #options: ResolvedRealtimeOptions;
  readonly #database: Database;
  readonly #hub: Hub;
  readonly #changes: ChangesFeed;
  readonly #broadcasts: BroadcastFeed;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
  });
  readonly #connections = new Set<Connection>();
  /** Sockets whose token is being checked. */
  readonly #knocking = new Set<Duplex>();
  readonly #closing = new AbortController();
  #isDown = true;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedRealtimeOptions) {
    this.#options = options;
    this.#database = new Database(options.databaseUrl, options.logger);
    this.#hub = new Hub(this.vices);
    this.#changes = new ChangesFeed({ options, vices: this.vices, database: this.#database });
    this.#broadcasts = new BroadcastFeed({ options, hub: this.#hub, database: this.#database });
  }

  async start(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(startDeadlineMs)]);
    try {
      await Promise.all([this.#changes.start(signal), this.#broadcasts.start(signal)]);
    } catch (cause) {
      await this.close();
      throw new DevstackError(
        'DEVSTACK_START_FAILED',
        'the Realtime gateway cannot decode the log of PostgreSQL',
        {
          cause,
        },
      );
    }
    this.#isDown = false;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isDown) {
      socket.destroy();
      return;
    }
    // Until ws takes over nobody else listens, and an unheard error ends the process.
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    this.#knocking.add(socket);
    void this.#admit(request, socket, head)
      .catch(() => socket.destroy())
      .finally(() => {
        this.#knocking.delete(socket);
        socket.off('error', onError);
      });
  }

  async handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isDown) {
      request.socket.destroy();
      return;
    }
    await serveHttp(request, response, { options: this.#options, database: this.#database, hub: this.#hub });
  }

  async restart(code: RestartCode, downForMs = 0): Promise<void> {
    this.#isDown = true;
    for (const connection of this.#connections) connection.close(code);
    for (const socket of this.#knocking) socket.destroy();
    await Promise.all([this.#changes.restart(), this.#broadcasts.stop()]);
    this.#hub.reset();
    const { signal } = this.#closing;
    await delay(downForMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // The first subscriber waits for the slots, as after a start of the real server; the door is open before.
    void this.#changes.start(signal).catch(() => undefined);
    void this.#broadcasts.start(signal).catch(() => undefined);
    this.#isDown = false;
  }

  async stopChangesWorker(): Promise<void> {
    await this.#changes.stopWorker();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    this.#isDown = true;
    this.#closing.abort();
    for (const connection of this.#connections) connection.terminate();
    for (const socket of this.#knocking) socket.destroy();
    // Those that a restart said goodbye to, and that did not answer yet.
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await Promise.all([this.#changes.close(), this.#broadcasts.close()]);
    await this.#database.close();
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!url.pathname.endsWith('/websocket')) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    const header = request.headers['x-api-key'];
    const token = url.searchParams.get('apikey') ?? (typeof header === 'string' ? header : '');
    const check = await checkToken(token, this.#options.jwtSecret, Date.now());
    const { signal } = this.#closing;
    if (check.kind === 'refused') {
      await delay(this.#options.refusalDelayMs.connect, undefined, { signal });
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    if (this.#isDown) {
      socket.destroy();
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(
        {
          socket: webSocket,
          vsn: url.searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0',
          token,
          onClosed: (closed) => this.#connections.delete(closed),
        },
        {
          options: this.#options,
          vices: this.vices,
          changes: this.#changes,
          broadcasts: this.#broadcasts,
          hub: this.#hub,
          database: this.#database,
        },
      );
      this.#connections.add(connection);
    });
  }
}
