// One walk through a world: an action, everything that promises have to do because of it, the oracle; again and again,
// until a promise is broken or the walk is long enough. The seed decides everything, and the actions are kept, so that a
// walk can be taken again and shortened.
import { perform } from './actions.ts';
import { Adversary, type Fault, faults } from './adversary.ts';
import { Dice } from './dice.ts';
import { letWork } from './let-work.ts';
import type { Violation } from './oracle.ts';
import type { Scripts } from './redis-scripts.ts';
import { settleDown } from './settle-down.ts';
import { World, type WorldOptions } from './world.ts';

export interface Scene extends Omit<WorldOptions, 'scripts' | 'weakness'> {
  readonly faults: readonly Fault[];
}

export interface WalkOptions {
  readonly seed: number;
  readonly steps: number;
  readonly scripts: Scripts;
  readonly weakness: string | undefined;
  /** What a search wants of every scene; the rest is drawn. */
  readonly wish?: Partial<Scene>;
  /** Ends the walk without faults and asks for R6: every lease is back, every read is current. */
  readonly asksForProgress: boolean;
}

export interface Walked {
  readonly scene: Scene;
  readonly actions: readonly string[];
  readonly checks: number;
  readonly situations: ReadonlySet<string>;
  readonly violation: Violation | undefined;
}

export async function walk(options: WalkOptions): Promise<Walked> {
  const dice = new Dice(options.seed);
  // With dice of its own, so that seeds that are written down still lead to the same walks.
  const hasWords = new Dice(options.seed + 1_000_000).isBelow(0.25);
  const scene = drawScene(dice, options.wish ?? {}, hasWords);
  const { scripts, weakness } = options;
  const world = new World({ ...scene, scripts, weakness });
  const adversary = new Adversary(dice, new Set(scene.faults));
  const actions: string[] = [];
  const situations = new Set<string>();
  for (let step = 0; step < options.steps && world.oracle.violation === undefined; step += 1) {
    const action = adversary.next(world);
    actions.push(action);
    await take(world, action);
    situations.add(world.describe());
  }
  if (options.asksForProgress && world.oracle.violation === undefined) await settleDown(world);
  const { violation, checks } = world.oracle;
  return { scene, actions, checks, situations, violation };
}

/** Takes the actions of an earlier walk again. @returns the violation, if there is one, and after how many actions */
export async function retrace(
  options: WalkOptions,
  scene: Scene,
  actions: readonly string[],
): Promise<{ readonly violation: Violation; readonly after: number } | undefined> {
  const world = new World({ ...scene, scripts: options.scripts, weakness: options.weakness });
  for (const [index, action] of actions.entries()) {
    await take(world, action);
    const { violation } = world.oracle;
    if (violation !== undefined) return { violation, after: index + 1 };
  }
  if (options.asksForProgress) await settleDown(world);
  const { violation } = world.oracle;
  return violation && { violation, after: actions.length };
}

async function take(world: World, action: string): Promise<void> {
  const [verb, ...words] = action.split(' ');
  if (verb === 'work') return letWork(world, words);
  perform(world, action);
  await new Promise((resolve) => setImmediate(resolve));
  for (const instance of world.instances) world.oracle.peekAll(instance);
}

function drawScene(dice: Dice, wish: Partial<Scene>, hasWords: boolean): Scene {
  const share = 0.1 + 0.5 * dice.next();
  const drawn: Fault[] = faults.filter((fault) => fault !== 'words of leaving' && dice.isBelow(share));
  // After a suspend one of the two clocks must have moved: the wall clock is not set back in the same world.
  const clocks = drawn.includes('suspend') ? drawn.filter((fault) => fault !== 'wall clock') : drawn;
  const scene = {
    hasRedis: !dice.isBelow(0.1),
    sidecars: dice.isBelow(0.7) ? 2 : 1,
    isEmbedded: dice.isBelow(0.2),
    hasSmallL1: dice.isBelow(0.25),
    hasTwoNamespaces: dice.isBelow(0.3),
    knowsPrefixes: !dice.isBelow(0.15),
  };
  const all: Fault[] = hasWords ? [...clocks, 'words of leaving'] : clocks;
  return { ...scene, faults: all, ...wish };
}
