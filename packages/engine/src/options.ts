// Options of an engine, resolved once; everything else sees only the result.
import {
  type Clock,
  type Duration,
  type Journal,
  type Logger,
  parseDuration,
  silentLogger,
  systemClock,
  TidemarkError,
} from '@tidemark/protocol';
import type { HintSource } from './hints/hint-source.ts';
import { type EngineObserver, guardObserver } from './observer.ts';

/** A quarter second keeps the load of the Data API at four small calls; tidemarks are then about 0.4 s old. */
export const defaultRoundEvery: Duration = '250ms';

/** A read that takes longer proves nothing in time anyway. */
export const defaultReadTimeout: Duration = '2s';

/** Rows are kept for an hour (a cursor that old resets), so that there is no hurry. */
export const defaultPruneEvery: Duration = '5m';

export interface EngineOptions {
  readonly journal: Journal;
  /** Tables without triggers, fed by Realtime alone: their own namespace, no bound. Default: none. */
  readonly bestEffort?: Journal;
  /** What rings for a round before the period is over. Default: nothing, then the lag is up to a period. */
  readonly hints?: readonly HintSource[];
  /** Period of the rounds. Default {@link defaultRoundEvery}; 100 ms suits a direct connection. */
  readonly roundEvery?: Duration;
  readonly readTimeout?: Duration;
  readonly pruneEvery?: Duration;
  /** Told of each round, and of what became of each hint, for metrics and traces. Default: nobody. */
  readonly observer?: EngineObserver;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface ResolvedEngineOptions {
  readonly journal: Journal;
  readonly bestEffort: Journal | undefined;
  readonly hints: readonly HintSource[];
  readonly roundEveryMs: number;
  readonly readTimeoutMs: number;
  readonly pruneEveryMs: number;
  /** Absent where nobody measures: then nothing is collected. */
  readonly observer: Required<EngineObserver> | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

const known = new Set([
  'journal',
  'bestEffort',
  'hints',
  'roundEvery',
  'readTimeout',
  'pruneEvery',
  'observer',
  'logger',
  'clock',
]);

/** @throws TidemarkError `OPTION_UNKNOWN`, `DURATION_INVALID` */
export function resolveOptions(options: EngineOptions): ResolvedEngineOptions {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new TidemarkError(`createEngine has no option "${name}"; it has ${[...known].join(', ')}`, {
        code: 'OPTION_UNKNOWN',
      });
    }
  }
  const logger = (options.logger ?? silentLogger).child({ component: 'engine' });
  return {
    journal: options.journal,
    bestEffort: options.bestEffort,
    hints: options.hints ?? [],
    roundEveryMs: parseDuration('roundEvery', options.roundEvery ?? defaultRoundEvery),
    readTimeoutMs: parseDuration('readTimeout', options.readTimeout ?? defaultReadTimeout),
    pruneEveryMs: parseDuration('pruneEvery', options.pruneEvery ?? defaultPruneEvery),
    observer: options.observer && guardObserver(options.observer, logger),
    logger,
    clock: options.clock ?? systemClock,
  };
}
