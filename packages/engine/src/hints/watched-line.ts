// One line that hints come over, a Realtime channel or a stream of the journal, watched. That it is open means nothing (it
// can be open and silent for ever), so it is judged by what rounds find: a change it did not announce within its grace
// makes it silent, and it is built anew.
//
//   joining ──(it says that it listens)──► listening ──(missed a change)──► silent ─┐
//      ▲                       │ refused, closed, timed out                         │
//      └────── back-off ◄──────┴────────────────────────────────────────────────────┘
import type { Clock, Logger } from '@tidemark/protocol';
import type { HintState, HintStatus } from './hint-source.ts';
import { type ChangeName, earlyMs, type FoundChange, LossMeter, type Settled } from './loss-meter.ts';

/** What a line tells. After it failed, or was closed, nothing of it counts but what it announces. */
export interface LineEvents {
  /** From now on every change is announced. Each time that it may have missed some before. */
  readonly listening: () => void;
  readonly heard: (announced: Announced) => void;
  readonly failed: (reason: string) => void;
}

export interface Line {
  /** Idempotent. */
  close(): Promise<unknown>;
}

export interface WatchedLineOptions {
  readonly name: string;
  /** Opens the line. `attempt` makes a name unique where it may be any. */
  readonly open: (attempt: number, events: LineEvents) => Line;
  /** Before it is opened again. */
  readonly prepare?: () => Promise<unknown>;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The table that changed, where the line told; any may have changed otherwise. */
  readonly ring: (table?: string) => void;
  /** Each time that changes before this moment went unheard: the first "ok", and every later one. */
  readonly onListening?: () => void;
  /** Set where every change must be announced: what becomes of each is counted, and told here. */
  readonly onSettled?: (settled: Settled) => void;
}

/** What a message is about, as far as it says: it may be stripped, or come from an older migration. */
export type Announced = { readonly [part in keyof ChangeName]?: ChangeName[part] | undefined };

const backOffMs = { first: 500, most: 30_000 };

export class WatchedLine {
  readonly #options: WatchedLineOptions;
  #line: Line | undefined;
  #state: HintState = 'joining';
  #reason: string | undefined;
  #attempt = 0;
  #failures = 0;
  #heard = 0;
  #silences = 0;
  #rebuilds = 0;
  /** Losses are told once for each time that the line listens. */
  #hasToldLoss = false;
  readonly #meter: LossMeter | undefined;
  #lastHeardMs = Number.NEGATIVE_INFINITY;
  #listeningSinceMs = Number.POSITIVE_INFINITY;
  #cancelCheck: (() => void) | undefined;
  #cancelRebuild: (() => void) | undefined;

  constructor(options: WatchedLineOptions) {
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
    const isPresent = (): boolean => attempt === this.#attempt;
    this.#line = this.#options.open(attempt, {
      listening: () => isPresent() && this.#listen(),
      heard: (announced) => this.#hear(announced),
      failed: (reason) => isPresent() && this.#fail('refused', reason),
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
    // What a round has published needs no other: an app's hint, or another line, was quicker.
    const isPublished = this.#meter?.hear(change, this.#lastHeardMs) === true;
    if (!isPublished) this.#options.ring(table);
  }

  #settle(settled: Settled, tell: (settled: Settled) => void): void {
    tell(settled);
    if (settled.outcome !== 'never' || this.#hasToldLoss || this.#state !== 'listening') return;
    this.#hasToldLoss = true;
    const { logger, name } = this.#options;
    logger.warn({ hint: name }, 'hint source lost a change while it announced others, a round found it');
  }

  /** A round found changes made after `sinceMs`: this line has its grace to announce something, too. */
  expect(sinceMs: number, changes: readonly FoundChange[]): void {
    const waitingMs = this.#meter?.find(changes, this.#options.clock.monotonicMs());
    const isNamed = this.#meter !== undefined && changes.length > 0;
    // By name it is known which changes are still to be announced, and when the first of them was made.
    const announcedFromMs = isNamed ? waitingMs : sinceMs - earlyMs;
    const isJudged = this.#state === 'listening' && (isNamed || this.#listeningSinceMs <= sinceMs);
    if (announcedFromMs === undefined || !isJudged) return;
    if (this.#cancelCheck !== undefined || this.#lastHeardMs >= announcedFromMs) return;
    const { clock, graceMs } = this.#options;
    this.#cancelCheck = clock.schedule(graceMs, () => {
      this.#cancelCheck = undefined;
      if (this.#lastHeardMs >= announcedFromMs) return;
      this.#silences += 1;
      this.#fail('silent', 'a round found a change that was not announced');
    });
  }

  /** Told once per change of state; the line is built anew after a pause that grows. */
  #fail(state: HintState, reason: string): void {
    const { clock, logger, name } = this.#options;
    if (this.#state === 'closed') return;
    if (this.#reason !== reason) {
      logger.warn({ hint: name, state, reason }, 'hint source does not deliver, rounds go on by the timer');
    }
    this.#state = state;
    this.#reason = reason;
    this.#meter?.fail();
    // What this line missed says nothing about the next one.
    this.#dropCheck();
    this.#cancelRebuild?.();
    const delayMs = Math.min(backOffMs.most, backOffMs.first * 2 ** this.#failures);
    this.#failures += 1;
    // Nothing that this line still says of itself counts; the next one starts with a fresh join.
    this.#attempt += 1;
    this.#cancelRebuild = clock.schedule(delayMs, () => {
      void this.#rebuild();
    });
  }

  async #rebuild(): Promise<void> {
    await this.#leave();
    // What can't be prepared is the old line's matter: the new one is refused then, and tried again.
    await this.#options.prepare?.().catch(() => {});
    if (this.#state === 'closed') return;
    this.#rebuilds += 1;
    this.start();
  }

  #dropCheck(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
  }

  async #leave(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    // A line that can't be closed is ignored from now on, which is all that closing is for.
    await line?.close().catch(() => {});
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
