// Broadcasts over plain HTTP, as supabase-js sends them from a channel that is not joined (`send`) and with `httpSend`.
// Owns the two endpoints; the way to the channels is the hub's. Storing for replay is not offered.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Database } from './database.ts';
import { type Broadcast, isRecord, parseJson } from './frames.ts';
import type { Hub } from './hub.ts';
import type { ResolvedRealtimeOptions } from './options.ts';
import { accessTo } from './private-access.ts';
import { checkToken, type Token } from './token.ts';

export interface HttpSurroundings {
  readonly options: ResolvedRealtimeOptions;
  readonly database: Database;
  readonly hub: Hub;
}

interface Message {
  readonly topic: string;
  readonly event: string;
  readonly payload: string | Buffer;
  readonly isPrivate: boolean;
}

const maxBodyBytes = 3_000_000;
const batchPath = /\/api\/broadcast\/?$/;
const singlePath = /\/api\/broadcast\/([^/]+)\/events\/([^/]+)\/?$/;

/** Answers every request; never rejects. */
export async function serveHttp(
  request: IncomingMessage,
  response: ServerResponse,
  surroundings: HttpSurroundings,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const single = singlePath.exec(url.pathname);
  if (request.method !== 'POST' || (single === null && !batchPath.test(url.pathname))) {
    return answer(response, 404, { error: 'Not Found' });
  }
  try {
    const check = await checkToken(tokenOf(request), surroundings.options.jwtSecret, Date.now());
    if (check.kind === 'refused') return answer(response, 401, { error: check.message });
    const body = await readBody(request);
    const messages = single === null ? readBatch(body) : readSingle(body, single, { url, request });
    if (messages === undefined) return answer(response, 422, { error: 'messages are missing or unreadable' });
    for (const message of messages) await send(message, check.token, surroundings);
    return answer(response, 202);
  } catch (error) {
    surroundings.options.logger.warn({ err: error }, 'a broadcast over HTTP failed');
    return answer(response, 500, { error: 'the broadcast failed' });
  }
}

/** What a role may not write is dropped, message by message, as on the real server. */
async function send(message: Message, token: Token, { database, hub }: HttpSurroundings): Promise<void> {
  if (message.isPrivate) {
    const access = await accessTo(database, message.topic, token);
    if (!access.canWrite.has('broadcast')) return;
  }
  const topic = `realtime:${message.topic}`;
  const broadcast: Broadcast = { topic, event: message.event, payload: message.payload };
  hub.broadcast({ topic, isPrivate: message.isPrivate }, broadcast);
}

function tokenOf(request: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const apikey = request.headers['apikey'];
  return bearer ?? (typeof apikey === 'string' ? apikey : '');
}

function readBatch(body: Buffer): readonly Message[] | undefined {
  const parsed = parseJson(body.toString('utf8'));
  const messages = isRecord(parsed) ? parsed['messages'] : undefined;
  if (!Array.isArray(messages)) return undefined;
  return messages.filter(isRecord).flatMap((message) => {
    const { topic, event, payload } = message;
    if (typeof topic !== 'string' || typeof event !== 'string') return [];
    return [{ topic, event, payload: JSON.stringify(payload ?? {}), isPrivate: message['private'] === true }];
  });
}

function readSingle(
  body: Buffer,
  [, topic, event]: RegExpExecArray,
  { url, request }: { url: URL; request: IncomingMessage },
): readonly Message[] | undefined {
  const isBinary = request.headers['content-type'] === 'application/octet-stream';
  if (!isBinary && parseJson(body.toString('utf8')) === undefined) return undefined;
  return [
    {
      topic: decodeURIComponent(topic ?? ''),
      event: decodeURIComponent(event ?? ''),
      payload: isBinary ? body : body.toString('utf8'),
      isPrivate: url.searchParams.get('private') === 'true',
    },
  ];
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Buffer);
    size += bytes.length;
    if (size > maxBodyBytes) throw new Error(`a broadcast may have ${maxBodyBytes} bytes, this one has more`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
