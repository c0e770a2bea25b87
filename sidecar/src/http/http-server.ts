// The HTTP port. Owns the socket; never what is said over it.
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { Server } from 'node:http';

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Rejects with the error of the socket, e.g. `EADDRINUSE`. */
export async function listen(routes: Hono, address: { host: string; port: number }): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: routes.fetch });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(address.port, address.host, resolve);
  await listening;
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`,
    port,
    [Symbol.asyncDispose]: () => {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      // A probe that keeps its connection open must not hold the shutdown.
      if (server instanceof Server) server.closeAllConnections();
      return closed;
    },
  };
}
