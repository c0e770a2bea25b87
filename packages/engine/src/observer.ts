// What an engine tells whoever measures it: one call per round, and per hint that came or is lost. Types, and how an
// observer that throws is kept from the rounds. Nothing that is proved rests on it.
import type { Logger } from '@tidemark/protocol';
import type { Settled } from './hints/loss-meter.ts';
import type { RoundStep } from './round/round-steps.ts';

/** Changes of one table that a round published. */
export interface ObservedChange {
  readonly table: string;
  /** How many keys; null: the whole table. */
  readonly keys: number | null;
  /** From the commit of each of its transactions to the end of the round, as far as the journal tells. */
  readonly publishedAfterMs: readonly number[];
}

export interface ObservedRound {
  readonly namespace: string;
  /** True for a glance, which has no begin; told only where it published something. */
  readonly isGlance: boolean;
  /** `refused`: another process was faster, or the server is a standby. */
  readonly outcome: 'published' | 'refused' | 'failed';
  /** Monotonic times of this process, like those of the steps. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly steps: readonly RoundStep[];
  readonly changes: readonly ObservedChange[];
  /** Where the round opened a generation; `isLinked`: instances keep what they have. */
  readonly opened?: { readonly generation: number; readonly isLinked: boolean };
  /** Why it failed. */
  readonly reason?: string;
}

/** One change, and whether one hint source announced it. */
export interface ObservedHint extends Settled {
  readonly hint: string;
}

/** Called synchronously between rounds: it must be quick. What it throws is logged, once. */
export interface EngineObserver {
  /** After each round; not while the process stands by. */
  onRound?(round: ObservedRound): void;
  onHint?(hint: ObservedHint): void;
}

/** The same observer, whose errors are told once and harm no round. */
export function guardObserver(observer: EngineObserver, logger: Logger): Required<EngineObserver> {
  let hasFailed = false;
  const guarded = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      if (!hasFailed) logger.error({ reason: String(error) }, 'an observer of the engine failed');
      hasFailed = true;
    }
  };
  return {
    onRound: (round) => guarded(() => observer.onRound?.(round)),
    onHint: (hint) => guarded(() => observer.onHint?.(hint)),
  };
}
