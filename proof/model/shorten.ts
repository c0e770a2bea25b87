// Shortens a walk that broke a promise: leaves out ever smaller pieces of it, as long as the same promise still breaks.
import type { Violation } from './oracle.ts';
import { retrace, type Scene, type WalkOptions } from './walk.ts';

export interface Shortened {
  readonly actions: readonly string[];
  readonly violation: Violation;
}

/** Retraces at most: a trace of thirty lines is worth some seconds, one of twenty is not worth a minute. */
const maxTries = 1_500;

export async function shorten(
  options: WalkOptions,
  scene: Scene,
  found: { readonly actions: readonly string[]; readonly violation: Violation },
): Promise<Shortened> {
  let { actions, violation } = found;
  let tries = 0;
  for (let size = Math.ceil(actions.length / 2); size >= 1;) {
    let isShorter = false;
    for (let start = 0; start < actions.length && tries < maxTries;) {
      const without = actions.toSpliced(start, size);
      tries += 1;
      const again = await retrace(options, scene, without);
      if (again?.violation.promise === violation.promise) {
        actions = without.slice(0, again.after);
        violation = again.violation;
        isShorter = true;
      } else {
        start += size;
      }
    }
    if (tries >= maxTries) break;
    if (size > 1) size = Math.floor(size / 2);
    else if (!isShorter) break;
  }
  return { actions, violation };
}
