// The parts of a round or a glance, timed on the monotonic clock of this process, and what is told of it when it is over.
import type { Clock, JournalGlance, RoundOutcome } from '@tidemark/protocol';

export interface RoundStep {
  readonly name: 'begin' | 'read' | 'publish';
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface FinishedRound {
  /** True where there was no begin, and nothing was proved. */
  readonly isGlance: boolean;
  readonly startedMs: number;
  readonly steps: readonly RoundStep[];
  readonly read: JournalGlance;
  readonly outcome: RoundOutcome;
}

export interface FailedRound {
  readonly startedMs: number;
  /** The last one is the one that failed. */
  readonly steps: readonly RoundStep[];
  readonly reason: string;
}

export class RoundSteps {
  readonly done: RoundStep[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Times a step, also one that fails. */
  async time<T>(name: RoundStep['name'], step: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonicMs();
    try {
      return await step();
    } finally {
      this.done.push({ name, startedMs, endedMs: this.#clock.monotonicMs() });
    }
  }
}
