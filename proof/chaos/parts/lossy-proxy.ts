// A proxy that loses published messages: whole frames and nothing else, so that neither side notices anything but the
// loss. Owns its connections; bytes and frames keep their order.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { frameLength, isMessageFrame } from './resp-frames.ts';

export interface LossyProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Asked for each message. */
  readonly isLost: () => boolean;
}

export interface LossyProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly counts: { readonly passed: number; readonly lost: number };
}

export async function startLossyProxy({ target, isLost }: LossyProxyOptions): Promise<LossyProxy> {
  const counts = { passed: 0, lost: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    client.pipe(upstream);
    upstream.on(
      'data',
      splitFrames((frame) => {
        if (isMessageFrame(frame)) {
          const isGone = isLost();
          counts[isGone ? 'lost' : 'passed'] += 1;
          if (isGone) return;
        }
        client.write(frame);
      }),
    );
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    counts,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Cuts chunks into frames; what is incomplete waits for the next chunk. */
function splitFrames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let length = frameLength(rest, at); length !== undefined; length = frameLength(rest, at)) {
      onFrame(rest.subarray(at, at + length));
      at += length;
      if (at === rest.length) break;
    }
    rest = rest.subarray(at);
  };
}
