// A client that speaks frames, not a library: sends what a recording sent, keeps what came. Owns its socket.
import { WebSocket } from 'ws';
import { Normaliser, type Seen, seenFrame } from './realtime-transcript.ts';

export class FrameClient {
  readonly seen: Seen[] = [];
  /** As they came. */
  readonly frames: (string | Buffer)[] = [];
  readonly #normaliser: Normaliser;
  #socket: WebSocket | undefined;

  constructor(normaliser: Normaliser = new Normaliser({ isFolded: false })) {
    this.#normaliser = normaliser;
  }

  /** Resolves when the socket is open or refused; both are seen. */
  async connect(url: string): Promise<void> {
    const decided = Promise.withResolvers<void>();
    const socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('open', () => {
      this.#see('socket', 'open');
      decided.resolve();
    });
    socket.on('error', (error) => {
      const status = /Unexpected server response: (\d+)/.exec(error.message)?.[1];
      this.#see('socket', `refused ${status ?? ''}`.trim());
    });
    socket.on('close', (code) => {
      // Our own goodbye carries no code, and what follows it is not the server's doing.
      if (this.#socket === socket) this.#see('socket', `close ${code}`);
      decided.resolve();
    });
    socket.on('message', (data: Buffer, isBinary) => {
      const frame = isBinary ? data : data.toString('utf8');
      this.frames.push(frame);
      this.seen.push(seenFrame(frame, this.#normaliser));
    });
    await decided.promise;
  }

  send(raw: string | Buffer): void {
    this.#socket?.send(raw);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const closed = Promise.withResolvers<void>();
    socket.once('close', () => closed.resolve());
    socket.close();
    await closed.promise;
  }

  /** Cuts it. */
  terminate(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  #see(topic: string, text: string): void {
    this.seen.push({ topic, text });
  }
}
