// Serves the page, the stream of snapshots that it shows, and what a person does on it. For 127.0.0.1 only, and for the
// page only: another site in the same browser gets nothing through.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Http2SecureServer, type Http2Server } from 'node:http2';
import { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Demo } from '../demo/demo.ts';
import type { Snapshot } from '../live/snapshot.ts';
import { act, actionSchema } from './actions.ts';

export interface PageServer extends AsyncDisposable {
  readonly url: string;
  update(snapshot: Snapshot): void;
}

/** The same from run to run when it is free, so that an open page finds the next demo. */
const usualPort = 4400;

/** The page is all there is: it loads nothing and talks to this server only. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'";

export async function startPageServer(demo: Demo): Promise<PageServer> {
  const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');
  const viewers = new Set<SSEStreamingApi>();
  let latest = '';
  const routes = new Hono();

  // A name that leads here by a trick of DNS is not ours.
  routes.use(async (context, next) => {
    const { hostname } = new URL(context.req.url);
    if (hostname !== '127.0.0.1' && hostname !== 'localhost') return context.text('wrong host', 403);
    return next();
  });
  routes.get('/', (context) => context.html(page, 200, { 'content-security-policy': policy }));
  routes.get('/snapshots', (context) =>
    streamSSE(context, async (stream) => {
      const { promise: left, resolve: leave } = Promise.withResolvers<void>();
      stream.onAbort(leave);
      viewers.add(stream);
      await stream.writeSSE({ data: latest });
      await left;
      viewers.delete(stream);
    }),
  );
  routes.post('/actions', async (context) => {
    // A form of another site can't send this type without asking first, and gets no permission.
    if (context.req.header('content-type') !== 'application/json')
      return context.json({ problem: 'not JSON' }, 415);
    const action = actionSchema.safeParse(await context.req.json().catch(() => null));
    if (!action.success)
      return context.json({ problem: action.error.issues[0]?.message ?? 'not an action' }, 400);
    try {
      return context.json({ done: await act(action.data, demo) });
    } catch (error) {
      return context.json({ problem: error instanceof Error ? error.message : String(error) }, 422);
    }
  });

  const server = createAdaptorServer({ fetch: routes.fetch });
  const port = await listen(server, usualPort).catch(() => listen(server, 0));
  return {
    url: `http://127.0.0.1:${port}`,
    update(snapshot) {
      latest = JSON.stringify(snapshot);
      for (const viewer of viewers) void viewer.writeSSE({ data: latest });
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      // Open pages wait for the next snapshot for ever.
      if (server instanceof Server) server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server | Http2Server | Http2SecureServer, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
