// The result of a statement as text for a terminal: a table with aligned columns, or what was done to how many rows.
// Pure.
import type { QueryResult } from 'pg';

/** Values as PostgreSQL wrote them. */
type TextRow = Array<string | null>;

/** A longer value is cut: a conversation in one cell would push the others off the screen. */
const widestCell = 80;

export function formatResult(
  result: Pick<QueryResult<TextRow>, 'command' | 'fields' | 'rows' | 'rowCount'>,
): string {
  // DDL has no count and no columns.
  if (result.fields.length === 0)
    return [result.command, result.rowCount ?? undefined].filter(isSaid).join(' ');
  const header = result.fields.map(({ name }) => name);
  const rows = result.rows.map((row) => row.map(formatCell));
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
  return [line(header), rule, ...rows.map(line), count].join('\n');
}

function formatCell(value: string | null): string {
  const text = (value ?? 'null').replaceAll('\n', '\\n');
  return text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text;
}

function isSaid(part: unknown): boolean {
  return part !== undefined && part !== '';
}
