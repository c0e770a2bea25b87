// Searches walks for a broken promise: one seed after the other, until one is found or there were enough; or takes
// schedules.
import type { Promised } from './oracle.ts';
import { learnScripts } from './redis-scripts.ts';
import { scheduleOf } from './schedules.ts';
import { shorten } from './shorten.ts';
import { retrace, type Scene, walk } from './walk.ts';

export interface SearchOptions {
  readonly firstSeed: number;
  /** Ends the search without a result. */
  readonly maxSteps: number;
  readonly stepsPerWalk: number;
  readonly weakness: string | undefined;
  readonly wish: Partial<Scene>;
  readonly asksForProgress: boolean;
  readonly shortens: boolean;
}

interface FoundViolation {
  /** null: by a schedule. */
  readonly seed: number | null;
  readonly promise: Promised;
  readonly text: string;
  readonly scene: Scene;
  readonly trace: readonly string[];
}

export interface SearchResult {
  readonly walks: number;
  readonly steps: number;
  readonly checks: number;
  readonly situations: number;
  readonly found: FoundViolation | undefined;
}

export async function search(options: SearchOptions): Promise<SearchResult> {
  const scripts = await learnScripts();
  const situations = new Set<string>();
  let walks = 0;
  let steps = 0;
  let checks = 0;
  for (let seed = options.firstSeed; steps < options.maxSteps; seed += 1) {
    const walkOptions = { ...options, seed, steps: options.stepsPerWalk, scripts };
    const walked = await walk(walkOptions);
    walks += 1;
    steps += walked.actions.length;
    checks += walked.checks;
    for (const situation of walked.situations) situations.add(situation);
    const { violation, scene, actions } = walked;
    if (violation === undefined) continue;
    const asksForProgress = violation.promise === 'R6';
    const { actions: trace, violation: shown } = options.shortens
      ? await shorten({ ...walkOptions, asksForProgress }, scene, { actions, violation })
      : { actions, violation };
    const found = { seed, promise: shown.promise, text: shown.text, scene, trace };
    return { walks, steps, checks, situations: situations.size, found };
  }
  return { walks, steps, checks, situations: situations.size, found: undefined };
}

/** @throws when there is no schedule of one of the names */
export async function takeSchedules(
  names: readonly string[],
  weakness: string | undefined,
): Promise<SearchResult> {
  const scripts = await learnScripts();
  let steps = 0;
  for (const [index, name] of names.entries()) {
    const { scene, actions } = scheduleOf(name);
    const options = { seed: 0, steps: 0, scripts, weakness, asksForProgress: true };
    const broken = await retrace(options, scene, actions);
    steps += broken?.after ?? actions.length;
    if (broken === undefined) continue;
    const found = { seed: null, ...broken.violation, scene, trace: actions };
    return { walks: index + 1, steps, checks: 0, situations: 0, found };
  }
  return { walks: names.length, steps, checks: 0, situations: 0, found: undefined };
}
