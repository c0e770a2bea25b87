// Are the triggers of every tracked table in place, and always enabled? PostgreSQL says so itself, in the watch; here its
// sentence becomes a finding, and the SQL in it a cure.
import type { Watch } from '@tidemark/protocol';
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok } from './finding.ts';

export const triggers: Check = {
  name: 'triggers',
  needs: journalCheck,
  async run(patient) {
    const { watch } = await patient.read();
    return judgeTriggers(watch ?? new Map());
  },
};

/** A problem whose SQL mends it as it stands; others ask for a decision first. */
const cure = /: run (select tidemark\.track\(.+\))$/s;

export function judgeTriggers(watch: Watch): Judgement[] {
  if (watch.size === 0) {
    return [
      {
        status: 'fail',
        sentence: 'no table is tracked, so that no change is seen: track the tables that are cached',
        command: 'tidemark track <schema.table> --key <column> --prefix <prefix>',
      },
    ];
  }
  const findings = [...watch.values()].flatMap(({ problem }): Judgement[] => {
    if (problem === null) return [];
    const [, sql] = cure.exec(problem) ?? [];
    return [{ status: 'fail', sentence: problem, ...(sql === undefined ? {} : { sql: [`${sql};`] }) }];
  });
  return findings.length > 0
    ? findings
    : [ok(`the triggers are in place and enabled: ${[...watch.keys()].join(', ')}`)];
}
