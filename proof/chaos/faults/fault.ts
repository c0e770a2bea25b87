// What a fault is: a name, a sentence, the parts it breaks, and how it breaks and heals them. Owns no effects.
import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from '../parts/scene.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What a fault acts on; faults of different parts can happen at once. */
type Part = 'nothing' | 'instance 0' | 'instance 1' | 'sidecars' | 'redis' | 'postgres' | 'realtime';

export interface Fault {
  readonly name: string;
  /** What happens, as the report says it. */
  readonly what: string;
  readonly part: Part;
  /** The source itself fails: its errors may reach callers, nothing else's may. */
  readonly breaksSource?: boolean;
  /** A crash that loses acknowledged commits, which R1 excludes until the reset. */
  readonly losesCommits?: boolean;
  /** Breaks and heals; when it resolves, everything is in place again. */
  readonly run: (stage: Stage) => Promise<void>;
  /** Why the fault cannot be had on this machine; undefined: it can. */
  readonly missing?: () => string | undefined;
}

/** Where a fault happens, with chance and time of its own. */
export interface Stage {
  readonly scene: Scene;
  readonly random: SeededRandom;
  readonly boundMs: number;
  /** Longer than the bound, by chance. */
  readonly outlast: () => Promise<void>;
  /** Shorter than the bound, by chance. */
  readonly moment: () => Promise<void>;
}

export function stageOf(scene: Scene, random: SeededRandom): Stage {
  const { boundMs } = scene.options;
  return {
    scene,
    random,
    boundMs,
    outlast: () => pause(boundMs * (1.5 + 1.5 * random.next())),
    moment: () => pause(boundMs * (0.1 + 0.5 * random.next())),
  };
}
