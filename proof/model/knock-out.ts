// What a knock-out is: a mechanism, what takes it away, and the scenes in which its race can happen at all. A patch
// removes a guard from a product file while it is loaded; the file itself is never touched. A weakness removes a guard
// of a script or of the SQL from its model. A race that chance would hardly ever meet has a schedule (schedules.ts).
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

export interface Removal {
  readonly patches?: readonly Patch[];
  readonly weakness?: DatabaseWeakness | ScriptWeakness;
}

export interface KnockOut extends Removal {
  readonly name: string;
  /** What is gone, in a few words. */
  readonly removes: string;
  readonly wish: Partial<Scene>;
  /** The knock-out of another guard that keeps the promise when this one is gone: the two go together. */
  readonly backup?: string;
}

/** Two sidecars on one namespace with Redis, and these faults only. */
export function scene(faults: readonly Fault[], more: Partial<Scene> = {}): Scene {
  return {
    hasRedis: true,
    sidecars: 2,
    isEmbedded: false,
    hasSmallL1: false,
    knowsPrefixes: true,
    hasTwoNamespaces: false,
    faults,
    ...more,
  };
}
