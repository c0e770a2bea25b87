// The log of PostgreSQL for as long as the gateway lives: one session after the other. Owns the pauses between attempts
// and the decision to give up; knows nothing about what is decoded.
//
//   idle --start--> connecting --slot made--> decoding --connection lost--> waiting --pause over--> connecting
//                       |  refused: waiting                                   | away longer than allowed
//   close() from anywhere: closed                                             v
//                                                                          gaveUp --start--> connecting
import { setTimeout as delay } from 'node:timers/promises';
import type { Decoded } from './decoding.ts';
import type { RealtimeLogger } from './options.ts';
import { openReplicationSession, type ReplicationSession } from './replication-session.ts';

export interface StreamOptions {
  readonly databaseUrl: string;
  readonly publication: string;
  readonly reconnectMs: { readonly first: number; readonly longest: number };
  readonly logger: RealtimeLogger;
  readonly onDecoded: (decoded: Decoded) => void;
  /** The connection is gone, and with it the slot. */
  readonly onLost: () => void;
  /** Asked before each new attempt. */
  readonly shouldGiveUp: (awayMs: number) => boolean;
  readonly onGaveUp: () => void;
}

type State =
  | { readonly kind: 'idle' | 'gaveUp' | 'closed' }
  | { readonly kind: 'connecting' | 'waiting' }
  | { readonly kind: 'decoding'; readonly session: ReplicationSession };

export class ReplicationStream {
  readonly #options: StreamOptions;
  #state: State = { kind: 'idle' };
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #decoding = Promise.withResolvers<void>();

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get isDecoding(): boolean {
    return this.#state.kind === 'decoding';
  }

  /** Begins to try; may be called again, also after it gave up or was stopped. */
  start(): void {
    const { kind } = this.#state;
    if (kind !== 'idle' && kind !== 'gaveUp') return;
    this.#state = { kind: 'connecting' };
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Resolves when a slot exists; a caller that waits is a caller that may lose patience: see `signal`. */
  async untilDecoding(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(new Error('nobody waits for the decoding any more'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!this.isDecoding) {
        signal.throwIfAborted();
        await Promise.race([this.#decoding.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the session; the next one begins after the pause, and what commits until then is lost. */
  async interrupt(pauseMs: number): Promise<void> {
    await this.stop();
    await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    if (this.#state.kind === 'idle') this.start();
  }

  async stop(): Promise<void> {
    await this.#end('idle');
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#end('closed');
  }

  async #end(kind: 'idle' | 'closed'): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const session = this.#state.kind === 'decoding' ? this.#state.session : undefined;
    this.#state = { kind };
    this.#decoding = Promise.withResolvers<void>();
    this.#stopping.abort();
    if (kind === 'idle') this.#stopping = new AbortController();
    await session?.close();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let lostAtMs = performance.now();
    let pauseMs = this.#options.reconnectMs.first;
    while (!signal.aborted) {
      const session = await this.#connect(signal);
      if (session !== undefined) {
        pauseMs = this.#options.reconnectMs.first;
        const reason = await session.ended;
        if (signal.aborted) return;
        lostAtMs = performance.now();
        this.#decoding = Promise.withResolvers<void>();
        this.#options.logger.warn(
          { err: reason },
          'the replication connection ended: what commits now is lost',
        );
        this.#options.onLost();
      }
      this.#state = { kind: 'waiting' };
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, this.#options.reconnectMs.longest);
      if (signal.aborted) return;
      if (this.#options.shouldGiveUp(performance.now() - lostAtMs)) return this.#giveUp();
      this.#state = { kind: 'connecting' };
    }
  }

  async #connect(signal: AbortSignal): Promise<ReplicationSession | undefined> {
    try {
      const session = await openReplicationSession({
        ...this.#options,
        signal,
        // What was on its way when the stream was stopped is lost, as everything after it.
        onDecoded: (decoded) => {
          if (!signal.aborted) this.#options.onDecoded(decoded);
        },
      });
      if (signal.aborted) {
        await session.close();
        return undefined;
      }
      this.#state = { kind: 'decoding', session };
      this.#decoding.resolve();
      return session;
    } catch (error) {
      this.#options.logger.info({ err: error }, 'the log of PostgreSQL cannot be decoded yet');
      return undefined;
    }
  }

  #giveUp(): void {
    this.#state = { kind: 'gaveUp' };
    this.#options.logger.warn({}, 'gave up on PostgreSQL: the present subscriptions are dead for good');
    this.#options.onGaveUp();
  }
}
