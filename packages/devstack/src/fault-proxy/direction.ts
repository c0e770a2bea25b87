// The bytes of one connection on their way in one direction. Owns a queue of what arrived and was not passed on yet, and
// passes it on as the mode of the moment says. The invariant is order: whatever modes come and go, bytes leave as they
// came in, each once, and the end of the stream comes after all of them. Never merges or reorders connections.
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export type DirectionMode =
  | { readonly kind: 'passing' }
  /** Nothing passes, not even the end of the stream: what a half-open connection looks like from both sides. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'delayed'; readonly ms: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number };

type Item =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly arrivedAtMs: number }
  | { readonly kind: 'end' | 'reset'; readonly arrivedAtMs: number };

/** Above this the source is paused and its kernel buffers fill up, as before a slow network. */
const maxQueuedBytes = 256 * 1024;
/** A slow line sends this often; a longer pause would look like a delay, a shorter one costs timers. */
const slowTickMs = 10;

export interface DirectionOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly mode: DirectionMode;
  readonly onBytes: (count: number) => void;
}

export class Direction {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #onBytes: (count: number) => void;
  readonly #queue: Item[] = [];
  #mode: DirectionMode;
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isSinkFull = false;
  #isOver = false;

  constructor({ source, sink, mode, onBytes }: DirectionOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#mode = mode;
    this.#onBytes = onBytes;
    source.on('data', (bytes: Buffer) =>
      this.#arrived({ kind: 'bytes', bytes, arrivedAtMs: performance.now() }),
    );
    source.on('end', () => this.#arrived({ kind: 'end', arrivedAtMs: performance.now() }));
    source.on('close', (hadError) => {
      if (hadError) this.#arrived({ kind: 'reset', arrivedAtMs: performance.now() });
    });
    sink.on('drain', () => {
      this.#isSinkFull = false;
      this.#pass();
    });
  }

  setMode(mode: DirectionMode): void {
    this.#mode = mode;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pass();
  }

  /** Drops what is queued; the sockets are the connection's to destroy. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #arrived(item: Item): void {
    if (this.#isOver) return;
    this.#queue.push(item);
    if (item.kind === 'bytes') this.#queuedBytes += item.bytes.length;
    if (this.#queuedBytes >= maxQueuedBytes) this.#source.pause();
    this.#pass();
  }

  /** Only ever looks at the head of the queue, and only one timer runs: that is what keeps the order. */
  #pass(): void {
    while (!this.#isOver && this.#timer === undefined && !this.#isSinkFull) {
      const head = this.#queue[0];
      if (head === undefined || this.#mode.kind === 'silent') break;
      const waitMs = this.#mode.kind === 'delayed' ? head.arrivedAtMs + this.#mode.ms - performance.now() : 0;
      if (waitMs > 0) {
        this.#passIn(waitMs);
        break;
      }
      if (head.kind !== 'bytes') {
        this.#queue.shift();
        this.#finish(head.kind);
        break;
      }
      this.#write(
        this.#mode.kind === 'slow' ? this.#takeSome(head, this.#mode.bytesPerSecond) : this.#takeAll(head),
      );
    }
    if (this.#queuedBytes < maxQueuedBytes && this.#source.isPaused()) this.#source.resume();
  }

  #passIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pass();
    }, Math.ceil(ms));
  }

  #takeAll(head: { readonly bytes: Buffer }): Buffer {
    this.#queue.shift();
    return head.bytes;
  }

  #takeSome(head: { readonly bytes: Buffer; readonly arrivedAtMs: number }, bytesPerSecond: number): Buffer {
    const perTick = Math.max(1, Math.floor((bytesPerSecond * slowTickMs) / 1000));
    this.#passIn(Math.max(slowTickMs, 1000 / bytesPerSecond));
    if (head.bytes.length <= perTick) return this.#takeAll(head);
    this.#queue[0] = { kind: 'bytes', bytes: head.bytes.subarray(perTick), arrivedAtMs: head.arrivedAtMs };
    return head.bytes.subarray(0, perTick);
  }

  #write(bytes: Buffer): void {
    this.#queuedBytes -= bytes.length;
    // The other side has gone: like a network, the proxy drops what nobody takes any more.
    if (!this.#sink.writable) return;
    this.#onBytes(bytes.length);
    this.#isSinkFull = !this.#sink.write(bytes);
  }

  #finish(kind: 'end' | 'reset'): void {
    if (kind === 'reset') {
      this.#isOver = true;
      this.#sink.resetAndDestroy();
    } else if (this.#sink.writable) {
      this.#sink.end();
    }
  }
}
