// One WebSocket of one client: the frames in their order, and the channels they are for. Owns the socket and the queue;
// what a frame means for a channel is the channel's. A refused join holds up everything behind it, as on the real server
// (13-*: the 102nd channel hears nothing for the 5 s the 101st waits for its refusal).
import { setTimeout as delay } from 'node:timers/promises';
import type { RawData, WebSocket } from 'ws';
import type { Channel } from './channel.ts';
import { decodeFrame, encodeBroadcast, encodeFrame, type IncomingFrame, type Vsn } from './frames.ts';
import { join, type JoinSurroundings, reauthorise, welcome } from './join.ts';

export interface ConnectionStart {
  readonly socket: WebSocket;
  readonly vsn: Vsn;
  readonly token: string;
  readonly onClosed: (connection: Connection) => void;
}

export type ConnectionSurroundings = Omit<JoinSurroundings, 'send' | 'sendBroadcast' | 'onClosed'>;

type Message = Extract<IncomingFrame, { kind: 'message' }>;

/** A client that sends faster than it can be served is cut off. */
const maxWaitingFrames = 2_000;
const policyViolation = 1008;

export class Connection {
  readonly #start: ConnectionStart;
  readonly #surroundings: JoinSurroundings;
  readonly #channels = new Map<string, Channel>();
  readonly #closing = new AbortController();
  #served: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(start: ConnectionStart, surroundings: ConnectionSurroundings) {
    this.#start = start;
    this.#surroundings = {
      ...surroundings,
      send: (frame) => this.#send(encodeFrame(start.vsn, frame)),
      sendBroadcast: (broadcast) => this.#send(encodeBroadcast(start.vsn, broadcast)),
      onClosed: (channel) => this.#forget(channel),
    };
    start.socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    start.socket.on('close', () => this.#end());
    // 'close' follows, and is where it ends.
    start.socket.on('error', (error) =>
      surroundings.options.logger.info({ err: error }, 'a client socket failed'),
    );
  }

  /** 1006 is no code that can be sent: the socket is cut. */
  close(code: number): void {
    if (code === 1006) this.#start.socket.terminate();
    else this.#start.socket.close(code);
    this.#end();
  }

  /** Cuts it, if the goodbye was not enough. Idempotent. */
  terminate(): void {
    this.#start.socket.terminate();
    this.#end();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#waiting >= maxWaitingFrames) {
      this.close(policyViolation);
      return;
    }
    this.#waiting += 1;
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    const frame = decodeFrame(this.#start.vsn, isBinary ? bytes : bytes.toString('utf8'));
    this.#served = this.#served
      .then(() => (this.#closing.signal.aborted ? undefined : this.#serve(frame)))
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted)
          this.#surroundings.options.logger.warn({ err: error }, 'a frame failed');
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async #serve(frame: IncomingFrame): Promise<void> {
    switch (frame.kind) {
      case 'unreadable':
        return;
      case 'broadcast': {
        const channel = this.#channels.get(frame.broadcast.topic);
        const isSent = channel?.broadcast(frame.broadcast) ?? false;
        if (channel?.config.isAcknowledged === true) {
          this.#reply({ ...frame, topic: frame.broadcast.topic }, isSent ? 'ok' : 'error', '{}');
        }
        return;
      }
      case 'message':
        if (frame.topic === 'phoenix') {
          if (frame.event === 'heartbeat') this.#reply({ ...frame, joinRef: null }, 'ok', '{}');
          return;
        }
        if (frame.event === 'phx_join') return await this.#join(frame);
        return await this.#toChannel(frame);
    }
  }

  async #join(frame: Message): Promise<void> {
    // As Phoenix does it: the second join ends the first channel.
    this.#channels.get(frame.topic)?.close();
    const outcome = await join(
      { frame, connectToken: this.#start.token, channelCount: this.#channels.size },
      this.#surroundings,
    );
    if (outcome.kind === 'refused') {
      const { signal } = this.#closing;
      await delay(this.#surroundings.options.refusalDelayMs.join, undefined, { signal });
      this.#reply(frame, 'error', JSON.stringify({ reason: outcome.reason }));
      return;
    }
    const { channel } = outcome;
    if (this.#closing.signal.aborted) {
      channel.end();
      return;
    }
    this.#channels.set(channel.topic, channel);
    const bindings = channel.config.bindings.map(({ reply }) => reply).join(',');
    this.#reply(frame, 'ok', `{"postgres_changes":[${bindings}]}`);
    void welcome(channel, this.#surroundings).catch((error: unknown) => {
      if (!channel.signal.aborted)
        this.#surroundings.options.logger.warn({ err: error }, 'a join stays incomplete');
    });
  }

  async #toChannel(frame: Message): Promise<void> {
    const channel = this.#channels.get(frame.topic);
    if (frame.event === 'phx_leave') {
      this.#reply(frame, 'ok', '{}');
      channel?.close();
      return;
    }
    if (channel === undefined) {
      this.#reply(frame, 'error', JSON.stringify({ reason: 'unmatched topic' }));
      return;
    }
    if (frame.event === 'access_token') {
      await reauthorise(channel, frame.payload, this.#surroundings);
      return;
    }
    if (frame.event === 'presence') {
      this.#reply(frame, channel.presence(frame.payload) ? 'ok' : 'error', '{}');
      return;
    }
    if (frame.event === 'broadcast') this.#broadcastAsText(channel, frame);
  }

  /** Clients of vsn 1.0.0 send their broadcasts as text. */
  #broadcastAsText(channel: Channel, frame: Message): void {
    const { event, payload } = frame.payload;
    const isSent = channel.broadcast({
      topic: frame.topic,
      event: typeof event === 'string' ? event : '',
      payload: JSON.stringify(payload ?? {}),
    });
    if (channel.config.isAcknowledged) this.#reply(frame, isSent ? 'ok' : 'error', '{}');
  }

  #reply(
    to: { readonly joinRef: string | null; readonly ref: string | null; readonly topic: string },
    status: 'ok' | 'error',
    response: string,
  ): void {
    const { joinRef, ref, topic } = to;
    const payload = `{"response":${response},"status":"${status}"}`;
    this.#surroundings.send({ joinRef, ref, topic, event: 'phx_reply', payload });
  }

  #send(data: string | Buffer | undefined): void {
    const { socket } = this.#start;
    if (data !== undefined && socket.readyState === socket.OPEN) socket.send(data);
  }

  #forget(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
  }

  #end(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const channel of this.#channels.values()) channel.end();
    this.#start.onClosed(this);
  }
}
