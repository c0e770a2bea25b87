// What a cache says about itself: types only.
import type { RefusedCounts } from './invalidate/namespace.ts';
import type { RegionStatus } from './region.ts';

export type Mode = 'sidecar' | 'embedded' | 'no Redis' | 'no journal';

export interface NamespaceStatus {
  readonly namespace: string;
  /** `generation-sequence`; null while the listener is lost, and without Redis. */
  readonly position: string | null;
  /** How long ago every committed change was known here; null: unknown. */
  readonly tidemarkAgeMs: number | null;
  /** The shortest `maxStaleness` of its regions that name a table; null: there is none. */
  readonly boundMs: number | null;
  readonly resets: number;
  readonly replays: number;
  /** Heads, records and hints that could not be read: a stranger writes where Tidemark does. */
  readonly refused: Readonly<RefusedCounts>;
}

export interface CacheStatus {
  readonly mode: Mode;
  readonly instanceId: string;
  readonly redis: 'connected' | 'unreachable' | 'not used';
  readonly redisErrors: number;
  readonly namespaces: readonly NamespaceStatus[];
  readonly regions: readonly RegionStatus[];
}
