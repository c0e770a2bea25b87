// What a fault is: a name, a sentence, the parts it breaks, and how it breaks and heals them. Almost all have one shape,
// and `breaking` makes it: of each target in turn, break it, hold it so, heal it. Owns no effects.
import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from '../parts/scene.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What a fault acts on; faults of different parts can happen at once. */
type Part =
  | 'nothing'
  | 'instance 0'
  | 'instance 1'
  | 'sidecars'
  | 'redis'
  | 'postgres'
  | 'realtime'
  | 'loads';

interface About {
  readonly name: string;
  /** What happens, as the report says it. */
  readonly what: string;
  readonly part: Part;
  /** The source itself fails: its errors may reach callers, nothing else's may. */
  readonly breaksSource?: boolean;
  /** A crash that loses acknowledged commits, which R1 excludes until the reset. */
  readonly losesCommits?: boolean;
  /** What it does would collide with what other faults do: never combined. */
  readonly isAlone?: boolean;
  /** Why the fault cannot be had on this machine; undefined: it can. */
  readonly missing?: () => string | undefined;
}

export interface Fault extends About {
  /** Breaks and heals; when it resolves, everything is in place again. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** How long something stays as it is: longer than the bound, or shorter; by chance. */
type Hold = 'outlast' | 'moment';

/** Where a fault happens, with chance and time of its own. */
export interface Stage extends Readonly<Record<Hold, () => Promise<void>>> {
  readonly scene: Scene;
  readonly random: SeededRandom;
  readonly boundMs: number;
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

interface Breaking<T> extends About {
  /** What is broken, one after the other. */
  readonly each: (scene: Scene) => readonly T[];
  readonly breaks: (target: T) => unknown;
  readonly hold: Hold;
  /** Absent: it heals by itself. */
  readonly heals?: (target: T) => unknown;
}

/** A fault that breaks one thing at a time, holds it and heals it; also when it is ended while it holds. */
export function breaking<T>({ each, breaks, hold, heals, ...about }: Breaking<T>): Fault {
  return {
    ...about,
    async run(stage) {
      for (const target of each(stage.scene)) {
        await breaks(target);
        try {
          await stage[hold]();
        } finally {
          await heals?.(target);
        }
      }
    },
  };
}

/** The targets over and over again, so many times. */
export function times<T>(count: number, ...targets: readonly T[]): readonly T[] {
  return Array.from({ length: count }, () => targets).flat();
}
