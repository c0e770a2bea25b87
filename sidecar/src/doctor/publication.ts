// Does PostgreSQL tell Realtime what it needs: does the publication `supabase_realtime` hold the tracked tables and the
// journal (#24), and can triggers send a broadcast? Hints come from there, and all that is known of best-effort tables.
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';
import type { InspectedTable, Inspection } from './inspection.ts';
import { publishSql } from './sql-text.ts';

export const publication: Check = {
  name: 'publication',
  needs: (config) => ['inspection', ...journalCheck(config)],
  async run(patient) {
    const { hints, bestEffortTables } = patient.config;
    if (!hints.some((kind) => kind !== 'direct') && bestEffortTables.length === 0) {
      return [skipped('neither hints nor tables come from Realtime')];
    }
    const { watch } = await patient.read();
    return judgePublication(await patient.inspection(), {
      hinted: hints.includes('changes') ? [...(watch?.keys() ?? [])] : [],
      hasBroadcast: hints.includes('broadcast'),
      bestEffort: bestEffortTables.map(({ table }) => table),
    });
  },
};

export interface PublishedNeeds {
  /** Tables whose changes are found without it, only later. */
  readonly hinted: readonly string[];
  readonly hasBroadcast: boolean;
  /** Tables of which nothing else is known. */
  readonly bestEffort: readonly string[];
}

export function judgePublication(
  inspection: Inspection,
  { hinted, hasBroadcast, bestEffort }: PublishedNeeds,
): Judgement[] {
  const { hasPublication, sendsBroadcasts, journal, tables } = inspection;
  const findings: Judgement[] = [];
  if (hasBroadcast && !sendsBroadcasts) {
    findings.push({
      status: 'warn',
      sentence:
        'there is no function realtime.send, so that the triggers send no broadcast: upgrade Realtime, or leave broadcast out of TIDEMARK_HINTS',
    });
  }
  if (!hasPublication && hinted.length + bestEffort.length > 0) {
    findings.push({
      status: 'warn',
      sentence:
        'there is no publication supabase_realtime, so that postgres_changes announces nothing: create it',
      sql: ['create publication supabase_realtime;'],
    });
  }
  if (hinted.length > 0) findings.push(...judgeTable('tidemark.change', journal, 'warn'));
  for (const table of hinted) findings.push(...judgeTable(table, tables[table], 'warn'));
  for (const table of bestEffort) findings.push(...judgeTable(table, tables[table], 'fail'));
  if (findings.length > 0) return findings;
  return [
    ok(
      hinted.length + bestEffort.length > 0
        ? 'supabase_realtime holds the journal and every table that is followed'
        : 'triggers can send broadcasts',
    ),
  ];
}

function judgeTable(name: string, table: InspectedTable | undefined, status: 'warn' | 'fail'): Judgement[] {
  // A table that does not exist is told by the checks of the triggers and of the configuration.
  if (table === undefined || table.isPublished) return [];
  const isIdentified = table.replicaIdentity === 'd' ? table.hasPrimaryKey : table.replicaIdentity !== 'n';
  const effect =
    status === 'fail' ? 'its changes are not seen' : 'postgres_changes does not announce its changes';
  if (!isIdentified) {
    // Published as it is, its rows could no longer be updated or deleted.
    return [
      {
        status,
        sentence: `${name} is not in the publication supabase_realtime, and can't be without a primary key, so that ${effect}: add a primary key, then track it again`,
      },
    ];
  }
  return [
    {
      status,
      sentence: `${name} is not in the publication supabase_realtime, so that ${effect}: add it`,
      sql: [publishSql(name)],
    },
  ];
}
