// How names and texts stand in SQL that a person will read and run.
import type { WatchedTable } from '@tidemark/protocol';
import type { DeclaredTable } from '../config/tables-setting.ts';

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `schema.table`, quoted where it must be. */
export function tableName(table: string): string {
  const at = table.indexOf('.');
  return `${identifier(table.slice(0, at))}.${identifier(table.slice(at + 1))}`;
}

export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Tracks a table as it is declared; prefixes, namespace and hints that it has already stay. */
export function trackSql({ table, key, prefixes }: DeclaredTable, tracked: WatchedTable | undefined): string {
  const all = [...new Set([...(tracked?.prefixes ?? []), ...prefixes])];
  const list = all.length === 0 ? `'{}'` : `array[${all.map(literal).join(', ')}]`;
  const rest =
    tracked === undefined
      ? ''
      : `, ${literal(tracked.namespace)}, ${tracked.isQuiet === true ? 'false' : 'true'}`;
  return `select tidemark.track(${literal(table)}, ${literal(key)}, ${list}${rest});`;
}

export function publishSql(table: string): string {
  return `alter publication supabase_realtime add table ${tableName(table)};`;
}
