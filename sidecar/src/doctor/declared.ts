// Is every table that the configuration declares there, tracked as it says, and with a key of columns that it has?
import type { BestEffortTable } from '@tidemark/engine';
import type { Watch } from '@tidemark/protocol';
import type { DeclaredTable } from '../config/tables-setting.ts';
import { declarationProblems, trackCommand } from '../start/declared-tables.ts';
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { columnsOfKey } from './key-columns.ts';
import { trackSql } from './sql-text.ts';

export const declared: Check = {
  name: 'declared-tables',
  needs: journalCheck,
  async run(patient) {
    const { tables, bestEffortTables, supabase } = patient.config;
    if (tables.length + bestEffortTables.length === 0)
      return [skipped('the configuration declares no tables')];
    const { watch } = await patient.read();
    // Without it the columns are unknown, and the rest can be judged.
    const known = supabase === undefined ? undefined : await patient.inspection().catch(() => undefined);
    return judgeDeclared({ tables, bestEffortTables, watch: watch ?? new Map(), inspected: known?.tables });
  },
};

export interface DeclaredFacts {
  readonly tables: readonly DeclaredTable[];
  readonly bestEffortTables: readonly BestEffortTable[];
  readonly watch: Watch;
  /** undefined when nobody could say. */
  readonly inspected: Inspection['tables'] | undefined;
}

export function judgeDeclared({ tables, bestEffortTables, watch, inspected }: DeclaredFacts): Judgement[] {
  const findings = [
    ...bestEffortTables.flatMap(({ table, key }) => judgeColumns({ table, columns: key }, inspected)),
    ...tables.flatMap((wanted) => {
      const wrong = judgeColumns({ table: wanted.table, columns: columnsOfKey(wanted.key) }, inspected);
      return wrong.length > 0 ? wrong : judgeTracking(wanted, watch);
    }),
  ];
  return findings.length > 0 ? findings : [ok('every declared table is followed as the configuration says')];
}

interface NamedColumns {
  readonly table: string;
  readonly columns: readonly string[];
}

function judgeColumns({ table, columns }: NamedColumns, inspected: DeclaredFacts['inspected']): Judgement[] {
  if (inspected === undefined) return [];
  const found = inspected[table];
  if (found === undefined) {
    return [
      {
        status: 'fail',
        sentence: `${table} is declared, and there is no such table: create it, or correct its name`,
      },
    ];
  }
  const missing = columns.filter((column) => !found.columns.includes(column));
  if (missing.length === 0) return [];
  return [
    {
      status: 'fail',
      sentence: `the key of ${table} must be made of its columns (${found.columns.join(', ')}), got ${missing.join(', ')}: correct the key in the configuration`,
    },
  ];
}

function judgeTracking(wanted: DeclaredTable, watch: Watch): Judgement[] {
  return declarationProblems([wanted], watch).map((sentence) => {
    const tracked = watch.get(wanted.table);
    // Best effort and tracked at once: somebody has to choose.
    if (tracked?.isBestEffort === true) return { status: 'fail', sentence };
    return { status: 'fail', sentence, sql: [trackSql(wanted, tracked)], command: trackCommand(wanted) };
  });
}
