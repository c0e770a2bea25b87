// Loads that arrive late: what they read may have been overtaken on its way.
import { setTimeout as pause } from 'node:timers/promises';
import { bulkKeys, keysOf } from '../keys.ts';
import type { Question } from '../parts/messages.ts';
import type { Scene } from '../parts/scene.ts';
import type { Fault } from './fault.ts';
import { raise } from './raise.ts';

/** One that another fault has killed comes back with loads in time, and without an answer. */
async function askInstances({ instances }: Scene, question: Question): Promise<void> {
  await Promise.allSettled(instances.map(({ child }) => child.ask(question)));
}

/** While `during` runs, what a load has read arrives up to `mostMs` later, in every instance. */
async function holdBack(scene: Scene, mostMs: number, during: () => Promise<void>): Promise<void> {
  await askInstances(scene, { kind: 'late', mostMs });
  try {
    await during();
  } finally {
    await askInstances(scene, { kind: 'late', mostMs: 0 });
  }
}

const late: Fault = {
  name: 'loads late',
  what: 'what a load has read arrives up to a bound later, everywhere: many are overtaken on their way',
  part: 'loads',
  run: ({ scene, boundMs, outlast }) =>
    holdBack(scene, boundMs, async () => {
      await outlast();
      await outlast();
    }),
};

const reloads = 8;
const lateByMs = 200;

const lateAndUnheard: Fault = {
  name: 'loads late, messages lost',
  what: 'every instance loads every row, eight times, late; twenty rows change meanwhile, and all messages are lost',
  part: 'redis',
  isAlone: true,
  run: ({ scene, moment }) =>
    scene.redis.losing(
      () => true,
      () =>
        holdBack(scene, lateByMs, async () => {
          for (let time = 0; time < reloads; time += 1) {
            await askInstances(scene, { kind: 'reload' });
            await pause(lateByMs / 4);
            await raise(scene, keysOf(bulkKeys));
            await moment();
          }
        }),
    ),
};

export const loadFaults: readonly Fault[] = [late, lateAndUnheard];
