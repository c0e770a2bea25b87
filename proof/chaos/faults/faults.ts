// The list of all faults, and combinations of them at random.
import type { SeededRandom } from '../seeded-random.ts';
import { faketimeFaults } from './faketime-faults.ts';
import type { Fault } from './fault.ts';
import { loadFaults } from './load-faults.ts';
import { postgresFaults } from './postgres-faults.ts';
import { processFaults } from './process-faults.ts';
import { realtimeFaults } from './realtime-faults.ts';
import { redisFaults } from './redis-faults.ts';
import { schemaFaults } from './schema-faults.ts';

const calm: Fault = {
  name: 'none',
  what: 'nothing is broken: the lag of a healthy run',
  part: 'nothing',
  async run({ outlast }) {
    await outlast();
    await outlast();
  },
};

export const singleFaults: readonly Fault[] = [
  calm,
  ...processFaults,
  ...loadFaults,
  ...redisFaults,
  ...postgresFaults,
  ...schemaFaults,
  ...realtimeFaults,
  ...faketimeFaults,
];

/** What the seven of `npm test` leave out, one of each kind. */
const quickNames: ReadonlySet<string> = new Set([
  'sidecars stopped in turn',
  'stopped, clock set back',
  'loads late, messages lost',
  'Redis empty',
  'Redis failover',
  'PostgreSQL crashed',
  'acknowledged commits lost',
  'triggers off between two rounds',
  'TRUNCATE',
]);

export function quickFaults(): readonly Fault[] {
  return singleFaults.filter(({ name }) => quickNames.has(name));
}

/** Faults of one part each, so that none heals what another is breaking. */
export function combineAtRandom(random: SeededRandom): Fault {
  const candidates = singleFaults.filter(
    (fault) => fault !== calm && fault.isAlone !== true && fault.missing?.() === undefined,
  );
  const wanted = random.between(2, 3);
  const chosen: Fault[] = [];
  while (chosen.length < wanted) {
    const fault = random.pick(candidates);
    if (chosen.every(({ part }) => part !== fault.part)) chosen.push(fault);
  }
  return {
    name: chosen.map(({ name }) => name).join(' + '),
    what: chosen.map(({ what }) => what).join('; '),
    part: 'nothing',
    breaksSource: chosen.some(({ breaksSource }) => breaksSource === true),
    async run(stage) {
      await Promise.all(
        chosen.map(async (fault) => {
          await stage.moment();
          await fault.run(stage);
        }),
      );
    },
  };
}
