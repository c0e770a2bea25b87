// Who may call the functions of the journal, and whether service_role may read what is tracked: loaders ask as it, and
// Realtime judges postgres_changes by its rights.
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { grantRpcSql } from './journal.ts';
import { identifier, tableName } from './sql-text.ts';

export const grants: Check = {
  name: 'grants',
  needs: () => ['inspection'],
  async run(patient) {
    return judgeGrants(await patient.inspection());
  },
};

export function judgeGrants({ rpcs, tables, journal }: Inspection): Judgement[] {
  const findings: Judgement[] = [
    ...Object.entries(rpcs).flatMap(([rpc, callers]) => judgeRpc(rpc, callers)),
    ...Object.entries(tables).flatMap(([table, { readers }]) =>
      readers.includes('service_role') ? [] : [unreadable(table, 'fail', 'loaders get nothing of it')],
    ),
  ];
  if (!journal.readers.includes('service_role')) {
    findings.push(unreadable('tidemark.change', 'warn', 'postgres_changes does not announce it'));
  }
  return findings.length > 0
    ? findings
    : [ok('service_role may call the journal and read every table, and no other role may call it')];
}

function judgeRpc(rpc: string, callers: readonly string[]): Judgement[] {
  const sql = [grantRpcSql(rpc)];
  const strangers = callers.filter((role) => role !== 'service_role');
  if (strangers.length > 0) {
    return [
      {
        status: 'fail',
        sentence: `${rpc} must be for service_role alone, got ${strangers.join(' and ')} as well: revoke that`,
        sql,
      },
    ];
  }
  if (callers.includes('service_role')) return [];
  return [{ status: 'fail', sentence: `service_role may not execute ${rpc}: grant it`, sql }];
}

function unreadable(table: string, status: 'fail' | 'warn', effect: string): Judgement {
  const schema = identifier(table.slice(0, table.indexOf('.')));
  return {
    status,
    sentence: `service_role may not read ${table}, so that ${effect}: grant usage on its schema, and select`,
    sql: [
      `grant usage on schema ${schema} to service_role;`,
      `grant select on ${tableName(table)} to service_role;`,
    ],
  };
}
