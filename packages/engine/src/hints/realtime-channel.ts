// One Realtime channel that rings. Joined means nothing (a channel can be joined and silent for ever), so the channel is
// judged by what rounds find: a change it did not announce within its grace makes it silent, and it is built anew.
//
//   joining ──(subscribed; for postgres_changes: system ok)──► listening ──(missed a change)──► silent ─┐
//      ▲                            │ refused, closed, timed out                                        │
//      └────────── back-off ◄───────┴───────────────────────────────────────────────────────────────────┘
import { REALTIME_SUBSCRIBE_STATES, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import type { Clock, Logger } from '@tidemark/protocol';
import type { HintState, HintStatus } from './hint-source.ts';
import { type ChangeName, earlyMs, type FoundChange, LossMeter, type Settled } from './loss-meter.ts';

export interface RealtimeChannelOptions {
  readonly supabase: SupabaseClient;
  readonly name: string;
  /** Makes the channel with its listeners, not yet subscribed. `attempt` makes a topic unique where it may be any. */
  readonly open: (attempt: number, heard: (announced: Announced) => void) => RealtimeChannel;
  /** postgres_changes delivers nothing before the server's system message says ok; SUBSCRIBED alone proves nothing. */
  readonly needsSystemOk: boolean;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The table that changed, where the channel told; any may have changed otherwise. */
  readonly ring: (table?: string) => void;
  /** Each time that changes before this moment went unheard: the first "ok", and every later one. */
  readonly onListening?: () => void;
  /** Set where every change must be announced: what becomes of each is counted, and told here. */
  readonly onSettled?: (settled: Settled) => void;
}

/** What a message is about, as far as it says: it may be stripped, or come from an older migration. */
export type Announced = { readonly [part in keyof ChangeName]?: ChangeName[part] | undefined };

const backOffMs = { first: 500, most: 30_000 };

export class WatchedChannel {
  readonly #options: RealtimeChannelOptions;
  #channel: RealtimeChannel | undefined;
  #state: HintState = 'joining';
  #reason: string | undefined;
  #attempt = 0;
  #failures = 0;
  #heard = 0;
  #silences = 0;
  #rebuilds = 0;
  /** Losses are told once for each time that the channel listens. */
  #hasToldLoss = false;
  readonly #meter: LossMeter | undefined;
  #lastHeardMs = Number.NEGATIVE_INFINITY;
  #listeningSinceMs = Number.POSITIVE_INFINITY;
  #cancelCheck: (() => void) | undefined;
  #cancelRebuild: (() => void) | undefined;

  constructor(options: RealtimeChannelOptions) {
    this.#options = options;
    const { graceMs, onSettled } = options;
    if (onSettled !== undefined) {
      this.#meter = new LossMeter({ graceMs, onSettled: (settled) => this.#settle(settled, onSettled) });
    }
  }

  start(): void {
    this.#meter?.start(this.#options.clock.monotonicMs());
    this.#attempt += 1;
    this.#state = 'joining';
    const attempt = this.#attempt;
    const channel = this.#options.open(attempt, (announced) => this.#hear(announced));
    this.#channel = channel;
    channel.on('system', {}, (message: { extension?: string; status?: string; message?: string }) => {
      if (attempt !== this.#attempt || message.extension !== 'postgres_changes') return;
      if (message.status === 'ok') this.#listen();
      else this.#fail('refused', message.message ?? 'the server refused the subscription');
    });
    channel.subscribe((status, error) => {
      if (attempt !== this.#attempt) return;
      if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) {
        if (!this.#options.needsSystemOk) this.#listen();
      } else {
        this.#fail('refused', error?.message ?? status);
      }
    });
  }

  #listen(): void {
    const { clock, logger, name, ring, onListening } = this.#options;
    if (this.#state !== 'listening') logger.info({ hint: name }, 'hint source is listening');
    this.#state = 'listening';
    this.#reason = undefined;
    this.#listeningSinceMs = clock.monotonicMs();
    this.#meter?.listen(this.#listeningSinceMs);
    this.#hasToldLoss = false;
    onListening?.();
    // What was committed before it listened went unannounced.
    ring();
  }

  #hear({ table, xid }: Announced): void {
    this.#heard += 1;
    this.#failures = 0;
    this.#lastHeardMs = this.#options.clock.monotonicMs();
    const change = table === undefined || xid === undefined ? null : { table, xid };
    this.#meter?.hear(change, this.#lastHeardMs);
    this.#options.ring(table);
  }

  #settle(settled: Settled, tell: (settled: Settled) => void): void {
    tell(settled);
    if (settled.outcome !== 'never' || this.#hasToldLoss || this.#state !== 'listening') return;
    this.#hasToldLoss = true;
    const { logger, name } = this.#options;
    logger.warn({ hint: name }, 'hint source lost a change while it announced others, a round found it');
  }

  /** A round found changes made after `sinceMs`: this channel has its grace to announce something, too. */
  expect(sinceMs: number, changes: readonly FoundChange[]): void {
    this.#meter?.find(changes, this.#options.clock.monotonicMs());
    const isJudged = this.#state === 'listening' && this.#listeningSinceMs <= sinceMs;
    const announcedFromMs = sinceMs - earlyMs;
    if (!isJudged || this.#cancelCheck !== undefined || this.#lastHeardMs >= announcedFromMs) return;
    const { clock, graceMs } = this.#options;
    this.#cancelCheck = clock.schedule(graceMs, () => {
      this.#cancelCheck = undefined;
      if (this.#lastHeardMs >= announcedFromMs) return;
      this.#silences += 1;
      this.#fail('silent', 'a change was found by a round that the channel did not announce');
    });
  }

  /** Told once per change of state; the channel is built anew after a pause that grows. */
  #fail(state: HintState, reason: string): void {
    const { clock, logger, name } = this.#options;
    if (this.#state === 'closed') return;
    if (this.#reason !== reason) {
      logger.warn({ hint: name, state, reason }, 'hint source does not deliver, rounds go on by the timer');
    }
    this.#state = state;
    this.#reason = reason;
    this.#meter?.fail();
    // What this channel missed says nothing about the next one.
    this.#dropCheck();
    this.#cancelRebuild?.();
    const delayMs = Math.min(backOffMs.most, backOffMs.first * 2 ** this.#failures);
    this.#failures += 1;
    // Nothing that this channel still says counts; the next one starts with a fresh join.
    this.#attempt += 1;
    this.#cancelRebuild = clock.schedule(delayMs, () => {
      void this.#rebuild();
    });
  }

  /** A new channel, with the token of now: the one it joined with may have expired. */
  async #rebuild(): Promise<void> {
    await this.#leave();
    // A token that can't be had is the old one's matter: the join is refused then, and tried again.
    await this.#options.supabase.realtime.setAuth().catch(() => {});
    if (this.#state === 'closed') return;
    this.#rebuilds += 1;
    this.start();
  }

  #dropCheck(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
  }

  async #leave(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    // A channel that can't be left is ignored from now on, which is all that leaving is for.
    if (channel !== undefined) await this.#options.supabase.removeChannel(channel).catch(() => {});
  }

  status(): HintStatus {
    const { name, clock } = this.#options;
    const announced = this.#meter?.counts(clock.monotonicMs());
    return {
      name,
      state: this.#state,
      heard: this.#heard,
      silences: this.#silences,
      rebuilds: this.#rebuilds,
      ...(announced && { announced }),
      ...(this.#reason !== undefined && { reason: this.#reason }),
    };
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#attempt += 1;
    this.#dropCheck();
    this.#cancelRebuild?.();
    await this.#leave();
  }
}
