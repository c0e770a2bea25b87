// What a cache needs of an engine that runs inside its own process (embedded mode, no-Redis mode).
import type { RedisOption } from '../redis/connect.ts';
import type { Journal } from './journal.ts';
import type { RoundTarget } from './round-target.ts';

export interface EngineHost {
  /** Absent in the no-Redis mode. */
  readonly redis?: RedisOption;
  readonly keyPrefix: string;
  /**
   * The no-Redis mode: where the rounds of a journal end in this process, for the namespaces that `covers` names. One
   * target per journal: rounds of two on the same one would prove the one by the time of the other (R1).
   */
  readonly localTarget?: (covers: (namespace: string) => boolean) => RoundTarget;
}

export interface Engine {
  readonly journal: Journal;
  readonly roundEveryMs: number;
  start(host: EngineHost): void;
  /** Starts a round now. */
  ring(): void;
  close(): Promise<void>;
}
