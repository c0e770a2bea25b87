// The loop that makes rounds happen: one after the other, one each period; and a glance at once when somebody rings. It
// knows neither Redis nor PostgreSQL.
//
//   wait ──(timer)──► begin ──► read the journal ──► publish ──┐
//    ▲ └──(bell)──► glance ──(only a round will do)──► begin … │
//    └───────────────────┴────────────────────────────────────┘
import {
  type Clock,
  deadlineIn,
  type Journal,
  type JournalRead,
  type JournalRequest,
  type Logger,
  type RoundOutcome,
  type RoundTarget,
  sleep,
} from '@tidemark/protocol';
import { Glances } from './glances.ts';
import { type FailedRound, type FinishedRound, RoundSteps } from './round-steps.ts';

/**
 * A change can be announced before other sessions see it. An early bell that found nothing is answered again after these
 * pauses, so that such a change waits milliseconds and not for the timer.
 */
const followUpDelaysMs = [1, 2, 4, 8, 16, 32];

/** Whoever stands by looks before its time no more often than this: strangers can publish on the bus, too. */
const periodsBetweenLooks = 6;

/** Journal reads that failed in a row, after which another process may be the better one; one alone is soon repeated. */
const readsBeforeAbandoning = 2;

export interface RoundLoopOptions {
  readonly target: RoundTarget;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly roundEveryMs: number;
  /** Deadline of one journal read. */
  readonly readTimeoutMs: number;
  /** After each read, also when its round then fails: a watch is sent once, to whoever does not know it. */
  readonly onRead?: (read: JournalRead) => void;
  /** After each finished round, and each glance that told something; `startedMs` is the monotonic time before it. */
  readonly onRound?: (round: FinishedRound) => void;
  /** After each round that failed, whoever is to blame. */
  readonly onFailure?: (round: FailedRound) => void;
}

export type LoopState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'standby' }
  | { readonly kind: 'working' }
  | { readonly kind: 'failing'; readonly reason: string };

export class RoundLoop {
  readonly #options: RoundLoopOptions;
  readonly #closing = new AbortController();
  #state: LoopState = { kind: 'starting' };
  /** Ends the wait between rounds. A function, for aborting a signal makes an error first, with its stack. */
  #wake: () => void = () => {};
  #look = new AbortController();
  #isLookWanted = false;
  #nextLookMs = 0;
  #failedReads = 0;
  #isRung = false;
  #isRoundWanted = false;
  #isFollowUp = false;
  #wasRungEarly = false;
  #followUp = followUpDelaysMs.length;
  #running: Promise<void> | undefined;
  readonly #glances: Glances;

  constructor(options: RoundLoopOptions) {
    this.#options = options;
    this.#glances = new Glances({ ...options, closing: this.#closing.signal, onGlance: options.onRound });
  }

  get state(): LoopState {
    return this.#state;
  }

  start(): void {
    if (!this.#closing.signal.aborted) this.#running ??= this.#run();
  }

  /** Starts a glance or a round now, or right after the one that is under way: that one may have read too early. */
  ring(hint?: { readonly mayBeEarly?: boolean; readonly needsRound?: boolean }): void {
    this.#isRung = true;
    this.#isRoundWanted ||= hint?.needsRound === true;
    this.#wasRungEarly ||= hint?.mayBeEarly === true;
    this.#wake();
  }

  /**
   * Whoever stands by looks now, and not at the end of the period: the other process says that it has left.
   *
   * @returns false when nothing follows, because it does not stand by, or has just done so
   */
  look(): boolean {
    const { clock, roundEveryMs } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#state.kind !== 'standby' || nowMs < this.#nextLookMs) return false;
    this.#nextLookMs = nowMs + periodsBetweenLooks * roundEveryMs;
    this.#isLookWanted = true;
    this.#look.abort();
    return true;
  }

  /** What made rounds fail may be over: the next one begins now. */
  retry(): void {
    if (this.#state.kind !== 'failing') return;
    this.#isLookWanted = true;
    this.#look.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    this.#look.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, roundEveryMs } = this.#options;
    let startedMs = Number.NEGATIVE_INFINITY;
    while (!this.#closing.signal.aborted) {
      const isCalled = (this.#isRung || this.#isFollowUp) && !this.#isRoundWanted;
      const isDue = clock.monotonicMs() >= startedMs + roundEveryMs;
      if (this.#wasRungEarly) this.#followUp = 0;
      this.#isRung = false;
      this.#isRoundWanted = false;
      this.#isLookWanted = false;
      this.#wasRungEarly = false;
      let outcome = isCalled && !isDue ? await this.#glance() : undefined;
      if (outcome === undefined && !this.#closing.signal.aborted) {
        startedMs = clock.monotonicMs();
        outcome = await this.#round(startedMs);
      }
      if (outcome?.changed !== 0) this.#followUp = followUpDelaysMs.length;
      if (outcome?.wantsMore === true) continue;
      await this.#pause(startedMs);
    }
  }

  /** Only between rounds that succeed: what makes one fail is found out by the next. */
  async #glance(): Promise<RoundOutcome | undefined> {
    return this.#state.kind === 'working' ? this.#glances.glance() : undefined;
  }

  /** Waits for the bell, the next follow-up or the period, whichever comes first. */
  async #pause(startedMs: number): Promise<void> {
    const { clock, roundEveryMs } = this.#options;
    this.#isFollowUp = false;
    const untilPeriodMs = Math.max(0, startedMs + roundEveryMs - clock.monotonicMs());
    if (this.#state.kind === 'standby') {
      // Whoever stands by counts how often the head stood still. Were bells to make it look more often, a burst of them
      // would fit into one round of the other process, and take the namespace away from it.
      await this.#untilLook(untilPeriodMs);
      return;
    }
    if (this.#state.kind === 'failing') {
      // Begun at each bell, rounds that get nowhere would keep the head moving, and win every compare-and-set against
      // whoever could take over.
      await this.#untilLook(untilPeriodMs);
      return;
    }
    if (this.#isRung) return;
    const followUpMs = followUpDelaysMs[this.#followUp];
    this.#isFollowUp = followUpMs !== undefined && followUpMs < untilPeriodMs;
    this.#followUp += 1;
    if (this.#closing.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const cancel = clock.schedule(Math.min(followUpMs ?? untilPeriodMs, untilPeriodMs), resolve);
    await promise;
    cancel();
  }

  async #untilLook(untilPeriodMs: number): Promise<void> {
    this.#look = new AbortController();
    if (this.#isLookWanted || this.#closing.signal.aborted) return;
    await sleep(this.#options.clock, untilPeriodMs, this.#look.signal);
  }

  async #round(startedMs: number): Promise<RoundOutcome | undefined> {
    const { target, clock, readTimeoutMs, onRead, onRound, onFailure } = this.#options;
    const steps = new RoundSteps(clock);
    try {
      const begun = await steps.time('begin', () => target.begin());
      if (begun.kind === 'standby') {
        this.#become({ kind: 'standby' });
        return undefined;
      }
      using deadline = deadlineIn(clock, readTimeoutMs, this.#closing.signal);
      const request = {
        since: begun.cursor?.snapshot ?? null,
        knownWatchHash: begun.knownWatchHash,
        signal: deadline.signal,
      };
      const read = await steps.time('read', () => this.#read(request));
      onRead?.(read);
      const outcome = await steps.time('publish', () => target.publish(read));
      this.#become({ kind: outcome.isPublished ? 'working' : 'standby' });
      onRound?.({ isGlance: false, startedMs, steps: steps.done, read, outcome });
      return outcome;
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      this.#become({ kind: 'failing', reason });
      onFailure?.({ startedMs, steps: steps.done, reason });
      return undefined;
    }
  }

  async #read(request: JournalRequest): Promise<JournalRead> {
    const { journal, target } = this.#options;
    try {
      const read = await journal.read(request);
      this.#failedReads = 0;
      return read;
    } catch (error) {
      this.#failedReads += 1;
      // Not at the end: who leaves in order says so.
      if (this.#failedReads >= readsBeforeAbandoning && !this.#closing.signal.aborted) target.abandon?.();
      throw error;
    }
  }

  /** Each change of state is told once, however long it lasts. */
  #become(state: LoopState): void {
    const before = this.#state;
    this.#state = state;
    if (before.kind === state.kind) return;
    const { logger } = this.#options;
    if (state.kind === 'failing') logger.warn({ reason: state.reason }, 'rounds fail, nothing is proved');
    else if (state.kind === 'standby') logger.info({}, 'another process runs the rounds, standing by');
    else if (state.kind === 'working') logger.info({ before: before.kind }, 'running the rounds');
  }
}
