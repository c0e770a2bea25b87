// The one address of a stack, in the place of Supabase's API gateway: checks the API key of /rest/v1 and /auth/v1, passes
// them on to the Data API process, and hands /realtime/v1 to the Realtime gateway. Never looks into a body and never decides
// what a token may do.
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onFreePort } from '../processes/free-port.ts';

/** What this gateway needs of the Realtime gateway, which checks keys by itself, with answers of its own. */
interface RealtimeHandler {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface ApiGatewayOptions {
  readonly host: string;
  /** Default: a free one. */
  readonly port?: number | undefined;
  readonly apiKeys: readonly string[];
  /** Of the Data API process on this machine. */
  readonly dataApiPort: number;
  /** Undefined: /realtime/v1 is not found. */
  readonly realtime?: RealtimeHandler | undefined;
}

export interface ApiGateway {
  readonly port: number;
  close(): Promise<void>;
}

/** Reached by a browser that follows a link of an e-mail, which has no key to send. */
const openPaths = /^\/auth\/v1\/(?:verify|callback|authorize|\.well-known\/)/;

/** Longer than clients keep theirs, so that it is always the client who closes an idle connection. */
const keepAliveMs = 65_000;

export function startApiGateway(options: ApiGatewayOptions): Promise<ApiGateway> {
  return onFreePort(options.port, async (port) => {
    const agent = new Agent({ keepAlive: true });
    const server = createServer((incoming, outgoing) => answer(incoming, outgoing, { ...options, agent }));
    server.keepAliveTimeout = keepAliveMs;
    // A websocket leaves the server's own list of connections, and would keep close() waiting.
    const sockets = new Set<Duplex>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) =>
      upgrade({ incoming, socket, head }, options),
    );
    server.listen(port, options.host);
    await once(server, 'listening');
    return {
      port,
      close: async () => {
        agent.destroy();
        await closeServer(server, sockets);
      },
    };
  });
}

async function closeServer(server: Server, sockets: Set<Duplex>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: ApiGatewayOptions & { readonly agent: Agent },
): void {
  const { pathname } = requestUrl(incoming);
  if (options.realtime !== undefined && isRealtime(pathname)) {
    void options.realtime.handleHttp(incoming, outgoing).catch(() => outgoing.destroy());
    return;
  }
  if (!/^\/(?:rest|auth)\/v1(?:\/|$)/.test(pathname)) {
    refuse(outgoing, 404, { message: 'no Route matched with those values' });
    return;
  }
  const isOpen = incoming.method === 'OPTIONS' || openPaths.test(pathname);
  const objection = isOpen ? undefined : objectionToKey(incoming, options.apiKeys);
  if (objection === undefined) passOn(incoming, outgoing, options);
  else refuse(outgoing, 401, objection);
}

function upgrade(
  { incoming, socket, head }: { incoming: IncomingMessage; socket: Duplex; head: Buffer },
  { realtime }: ApiGatewayOptions,
): void {
  if (realtime !== undefined && isRealtime(requestUrl(incoming).pathname)) {
    realtime.handleUpgrade(incoming, socket, head);
    return;
  }
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

function objectionToKey(incoming: IncomingMessage, apiKeys: readonly string[]): object | undefined {
  const header = incoming.headers['apikey'];
  const key = (Array.isArray(header) ? header[0] : header) ?? requestUrl(incoming).searchParams.get('apikey');
  if (key === null || key === '') {
    return {
      message: 'No API key found in request',
      hint: 'No `apikey` request header or url param was found.',
    };
  }
  if (apiKeys.includes(key)) return undefined;
  return { message: 'Invalid API key', hint: 'Double check your Supabase `anon` or `service_role` API key.' };
}

function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { dataApiPort, agent }: ApiGatewayOptions & { readonly agent: Agent },
): void {
  const { apikey, authorization } = incoming.headers;
  const upstream = request({
    host: '127.0.0.1',
    port: dataApiPort,
    agent,
    method: incoming.method,
    path: incoming.url,
    // A key alone is also the token; a token of its own outranks it.
    headers: {
      ...incoming.headers,
      ...(authorization === undefined && apikey !== undefined
        ? { authorization: `Bearer ${String(apikey)}` }
        : {}),
    },
  });
  upstream.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
    // The answer broke off half way: so must ours, or the client would take it for whole.
    response.on('error', () => outgoing.destroy());
  });
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, 502, { message: 'An invalid response was received from the upstream server' });
  });
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) upstream.destroy();
  });
  incoming.pipe(upstream);
}

function isRealtime(pathname: string): boolean {
  return pathname.startsWith('/realtime/v1/');
}

function requestUrl(incoming: IncomingMessage): URL {
  return new URL(incoming.url ?? '/', 'http://127.0.0.1');
}

function refuse(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'access-control-allow-origin': '*',
  });
  outgoing.end(JSON.stringify(body));
}
