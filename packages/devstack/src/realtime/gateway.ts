// The Realtime gateway of the local stack: what an unmodified supabase-js talks to on /realtime/v1/websocket.
// Owns the life of its parts. Never listens by itself: the server in front of it hands over upgrades.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RealtimeGatewayOptions, resolveRealtimeOptions } from './options.ts';
import { recordedVices, type RealtimeVices } from './vices.ts';

/** How the sockets end: 1012 as after SIGTERM, 1006 as after SIGKILL. */
export type RestartCode = 1012 | 1006;

export interface RealtimeGateway extends AsyncDisposable {
  /** What is wrong with it, to be changed at any time. */
  readonly vices: RealtimeVices;
  /** Resolves when both feeds decode. Needs `realtimeSql` in the database. */
  start(): Promise<void>;
  /** For the `upgrade` event of an HTTP server; any path that ends with /websocket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** POST .../api/broadcast and .../api/broadcast/{topic}/events/{event}; 404 for everything else. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Every socket ends, everything in memory is lost, and nobody can connect for `downForMs` (default 0). */
  restart(code: RestartCode, downForMs?: number): Promise<void>;
  /** Every present subscription to postgres_changes is dead, and no client hears of it (10-*). */
  stopChangesWorker(): void;
  /** Idempotent. No socket, timer or connection is left. */
  close(): Promise<void>;
}

export function createRealtimeGateway(options: RealtimeGatewayOptions): RealtimeGateway {
  resolveRealtimeOptions(options);
  const vices = recordedVices();
  return {
    vices,
    start: () => Promise.resolve(),
    handleUpgrade: (_request, socket) => {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    },
    handleHttp: (_request, response) => {
      response.writeHead(404).end();
      return Promise.resolve();
    },
    restart: () => Promise.resolve(),
    stopChangesWorker: () => undefined,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
