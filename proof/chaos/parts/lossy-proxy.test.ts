// The proxy that loses messages: it loses whole messages, and nothing else, wherever the network cuts the stream.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startLossyProxy } from './lossy-proxy.ts';
import { frameLength, isMessageFrame } from './resp-frames.ts';

const message = (text: string): string => `*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$${text.length}\r\n${text}\r\n`;
const replies = '+OK\r\n:42\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:7\r\n-ERR no\r\n*-1\r\n$4\r\n\r\n\r\n\r\n';

function framesOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = frameLength(bytes, at);
    if (length === undefined) throw new Error(`no frame at ${at}`);
    frames.push(bytes.toString('latin1', at, at + length));
    at += length;
  }
  return frames;
}

it('finds the end of every kind of frame, also with line ends inside of values', () => {
  expect(framesOf(replies)).toEqual([
    '+OK\r\n',
    ':42\r\n',
    '$-1\r\n',
    '*2\r\n$1\r\na\r\n*1\r\n:7\r\n',
    '-ERR no\r\n',
    '*-1\r\n',
    '$4\r\n\r\n\r\n\r\n',
  ]);
});

it('waits for the rest of a frame, wherever it was cut', () => {
  const bytes = Buffer.from(message('one'));
  for (let cut = 0; cut < bytes.length; cut += 1)
    expect(frameLength(bytes.subarray(0, cut), 0)).toBeUndefined();
  expect(frameLength(bytes, 0)).toBe(bytes.length);
});

it('tells a published message from the reply to a subscription', () => {
  expect(isMessageFrame(Buffer.from(message('x')))).toBe(true);
  expect(isMessageFrame(Buffer.from('*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n'))).toBe(false);
});

it('loses every second message, keeps every reply, and keeps the order', async () => {
  const served = Promise.withResolvers<Socket>();
  await using server = createServer((socket) => served.resolve(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let asked = 0;
  await using proxy = await startLossyProxy({
    target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    isLost: () => (asked += 1) % 2 === 0,
  });
  const client = connect(proxy.port, proxy.host);
  let heard = '';
  client.setEncoding('latin1').on('data', (text: string) => (heard += text));
  const upstream = await served.promise;
  const sent = Array.from({ length: 10 }, (_, at) => message(String(at)) + replies);
  // Byte by byte: no frame arrives in one piece.
  for (const byte of sent.join('')) upstream.write(byte);
  upstream.end();
  await once(client, 'close');

  expect(heard).toBe(sent.map((text, at) => (at % 2 === 0 ? text : replies)).join(''));
  expect(proxy.counts).toEqual({ passed: 5, lost: 5 });
});
