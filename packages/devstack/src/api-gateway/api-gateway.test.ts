import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import { type ApiGateway, startApiGateway } from './api-gateway.ts';

let upstream: Server;
let gateway: ApiGateway;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  answer = (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-range': '0-0/1' });
    const { url, method, headers } = request;
    response.end(JSON.stringify({ url, method, authorization: headers.authorization }));
  };
  upstream = createServer((request, response) => answer(request, response));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  gateway = await startApiGateway({
    host: '127.0.0.1',
    apiKeys: ['anon-key', 'service-key'],
    dataApiPort: (upstream.address() as AddressInfo).port,
    realtime: {
      handleUpgrade: (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello'),
      handleHttp: async (_, response) => void response.end('from realtime'),
    },
  });
});

afterEach(async () => {
  await gateway.close();
  upstream.closeAllConnections();
  upstream.close();
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers });
}

describe('the API gateway', () => {
  test('passes requests with a key on, and the key as the token when there is none', async () => {
    const response = await get('/rest/v1/things?id=eq.1', { apikey: 'anon-key' });
    expect(response.headers.get('content-range')).toBe('0-0/1');
    expect(await response.json()).toEqual({
      url: '/rest/v1/things?id=eq.1',
      method: 'GET',
      authorization: 'Bearer anon-key',
    });
    const withToken = await get('/rest/v1/things', { apikey: 'anon-key', authorization: 'Bearer token' });
    expect(await withToken.json()).toMatchObject({ authorization: 'Bearer token' });
  });

  test.each([
    ['/rest/v1/things', {}, 'No API key found in request'],
    ['/rest/v1/things', { apikey: 'wrong' }, 'Invalid API key'],
    ['/rest/v1/things', { authorization: 'Bearer anon-key' }, 'No API key found in request'],
    ['/auth/v1/signup?apikey=wrong', {}, 'Invalid API key'],
  ])('answers 401 to %s with %j', async (path, headers, message) => {
    const response = await get(path, headers);
    expect([response.status, await response.json()]).toEqual([401, expect.objectContaining({ message })]);
  });

  test('lets in without a key what a browser asks for by itself', async () => {
    expect((await get('/auth/v1/verify?token=x')).status).toBe(200);
    expect((await get('/auth/v1/.well-known/jwks.json')).status).toBe(200);
    const preflight = await fetch(`http://127.0.0.1:${gateway.port}/rest/v1/things`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(200);
  });

  test('knows no other path', async () => {
    expect((await get('/', { apikey: 'anon-key' })).status).toBe(404);
    expect((await get('/restless/v1', { apikey: 'anon-key' })).status).toBe(404);
  });

  test('answers 502 when nobody is behind it', async () => {
    upstream.closeAllConnections();
    upstream.close();
    const response = await get('/rest/v1/things', { apikey: 'anon-key' });
    expect(response.status).toBe(502);
  });

  test('breaks off an answer that breaks off', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const response = await get('/rest/v1/things', { apikey: 'anon-key' });
    await expect(response.text()).rejects.toThrow();
  });

  test('tells the other side when the client has gone', async () => {
    let isAborted = false;
    let isAsked = false;
    answer = (_, response) => {
      isAsked = true;
      response.on('close', () => (isAborted = true));
    };
    const abort = new AbortController();
    const request = fetch(`http://127.0.0.1:${gateway.port}/rest/v1/things`, {
      headers: { apikey: 'anon-key' },
      signal: abort.signal,
    });
    await until(() => isAsked, { what: 'the request' });
    abort.abort();
    await expect(request).rejects.toThrow('aborted');
    await until(() => isAborted, { what: 'the end of the request' });
  });

  test('hands Realtime its upgrades and requests, with the keys unchecked', async () => {
    expect(await (await get('/realtime/v1/api/broadcast')).text()).toBe('from realtime');
    expect(await upgrade('/realtime/v1/websocket')).toContain('101 Switching Protocols');
    expect(await upgrade('/rest/v1/things')).toContain('404 Not Found');
  });

  test('close ends open connections, websockets included', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await gateway.close();
    await closed;
    await gateway.close();
    await expect(get('/')).rejects.toThrow('fetch failed');
  });
});

async function upgrade(path: string): Promise<string> {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  socket.end();
  return Buffer.concat(chunks).toString();
}
