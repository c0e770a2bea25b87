// What a knock-out is: a mechanism, what takes it away, and the scenes in which its race can happen at all. A patch
// removes a guard from a product file while it is loaded; the file itself is never touched. A weakness removes a guard
// of a script or of the SQL from its model.
import type { Fault } from './adversary.ts';
import type { DatabaseWeakness } from './database-model.ts';
import type { ScriptWeakness } from './redis-scripts.ts';
import type { Scene } from './walk.ts';

export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly guard: string;
  readonly instead: string;
}

export interface KnockOut {
  /** Where a search starts: a seed shortly before one that is known to find it. Default 1. */
  readonly seed?: number;
  readonly name: string;
  /** What is gone, in a few words. */
  readonly removes: string;
  readonly patches?: readonly Patch[];
  readonly weakness?: DatabaseWeakness | ScriptWeakness;
  readonly wish: Partial<Scene>;
  /** Which other guards keep the promise alone, when the search finds nothing: then nothing is expected of it. */
  readonly backedUpBy?: string;
}

/** Two sidecars on one namespace with Redis, and these faults only. */
export function scene(faults: readonly Fault[], more: Partial<Scene> = {}): Partial<Scene> {
  return { hasRedis: true, sidecars: 2, knowsPrefixes: true, hasTwoNamespaces: false, faults, ...more };
}
