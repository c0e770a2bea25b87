// Is row level security on where people with the public key may read? The cache serves what service_role sees, and the
// Data API beside it must not serve more than was meant.
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { tableName } from './sql-text.ts';

export const rowSecurity: Check = {
  name: 'row-security',
  needs: () => ['inspection'],
  async run(patient) {
    return judgeRowSecurity(await patient.inspection());
  },
};

export function judgeRowSecurity({ tables }: Inspection): Judgement[] {
  const findings = Object.entries(tables).flatMap(([table, { hasRowSecurity, readers }]): Judgement[] => {
    const strangers = readers.filter((role) => role !== 'service_role');
    if (hasRowSecurity || strangers.length === 0) return [];
    return [
      {
        status: 'warn',
        sentence: `every row of ${table} can be read by ${strangers.join(' and ')}: enable row level security, and add a policy for those who should read it`,
        sql: [`alter table ${tableName(table)} enable row level security;`],
      },
    ];
  });
  return findings.length > 0
    ? findings
    : [ok('row level security is on where users may read, or nobody but service_role may')];
}
