// Schedules of races that chance would hardly ever meet: what has to happen, in the words of actions.ts and let-work.ts.
// Each breaks a promise without the mechanism of its name, and none with it. Of two Redis servers one is the stray: a copy
// that takes itself for the master.
import { scene } from './knock-out.ts';
import { listenerSchedules } from './schedules-of-listeners.ts';
import { readSchedules } from './schedules-of-reads.ts';
import { roundSchedules } from './schedules-of-rounds.ts';
import type { Scene } from './walk.ts';

export interface Schedule {
  readonly scene: Scene;
  readonly actions: readonly string[];
}

/** @throws when there is none of that name */
export function scheduleOf(name: string): Schedule {
  const text = schedules[name];
  if (text === undefined) throw new Error(`there is no schedule of "${name}"`);
  const [first = '', ...lines] = text.trim().split('\n');
  const sidecars = Number(/^sidecars (\d)$/.exec(first)?.[1]);
  const actions = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  return { scene: scene([], { sidecars }), actions };
}

export function hasSchedule(name: string): boolean {
  return Object.hasOwn(schedules, name);
}

const schedules: Readonly<Record<string, string>> = {
  ...listenerSchedules,
  ...readSchedules,
  ...roundSchedules,
};
