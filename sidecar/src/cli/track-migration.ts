// The text and the name of a migration that tracks a table. Pure; PostgreSQL checks the key itself when it is applied.
import { isNamespaceName } from '@tidemark/protocol';

export interface TrackedTable {
  /** `schema.table`, without quotes. */
  readonly table: string;
  readonly key: string;
  readonly prefixes: readonly string[];
  readonly namespace: string;
}

/** What `tidemark.track` would refuse as well, found before the migration is written. */
export function trackProblems({ table, key, prefixes, namespace }: TrackedTable): string[] {
  const problems: string[] = [];
  if (!/^[^\s.'"\\]+\.[^\s'"\\]+$/.test(table)) {
    problems.push(
      `TABLE must be schema.table without quotes and spaces, got "${table}": write for example public.customers`,
    );
  }
  if (key === '')
    problems.push(
      '--key must be given, got nothing: it is what makes the key of a row, --key id for example',
    );
  for (const prefix of prefixes) {
    if (!/^[^\s\p{Cc}*?[\]\\]{1,200}$/u.test(prefix) || prefix.endsWith(':')) {
      problems.push(
        `--prefix must be 1 to 200 characters without spaces, "*", "?", "[", "]" and "\\", and not end in ":", got "${prefix}": write for example copilot:customers`,
      );
    }
  }
  if (!isNamespaceName(namespace)) {
    problems.push(
      `--namespace must be 1 to 32 of a-z, 0-9, "_", "-" and begin with a letter, got "${namespace}"`,
    );
  }
  return problems;
}

export function migrationSql({ table, key, prefixes, namespace }: TrackedTable): string {
  const rest = namespace === 'main' ? '' : `,\n  ${literal(namespace)}`;
  return `-- Journals every change of ${table}, so that its cached rows are invalidated: written by tidemark track.
-- The first triggers wait for transactions that wrote the table, and new writers wait for them: hence the timeout.
set lock_timeout = '5s';

select tidemark.track(
  ${literal(table)},
  ${literal(key)},
  array[${prefixes.map(literal).join(', ')}]${rest}
);

reset lock_timeout;
`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export interface MigrationFolder {
  readonly now: Date;
  /** The names of the files that are there. */
  readonly existing: readonly string[];
}

export function migrationName({ table }: TrackedTable, folder: MigrationFolder): string {
  const name = table
    .replace(/^public\./, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_');
  return `${migrationStamp(folder)}_track_${name}.sql`;
}

/** After all that are there: a migration that sorts before an applied one is not applied any more. */
export function migrationStamp({ now, existing }: MigrationFolder): string {
  const stamps = existing.flatMap((name) => /^\d{14}(?=_)/.exec(name)?.[0] ?? []).sort();
  const present = now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const last = stamps.at(-1) ?? '';
  return present > last ? present : String(Number(last) + 1);
}
