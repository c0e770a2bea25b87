// docs/SPEC.md as tests read it: its tables, by the headings of their columns.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root: string = path.join(import.meta.dirname, '../..');

export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

function readSpecPage(): string {
  return readFileSync(path.join(root, 'docs/SPEC.md'), 'utf8');
}

/** @returns the cells, without backticks, of every row of every table */
export function readRows(): readonly (readonly string[])[] {
  return readSpecPage()
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => cellsOf(line));
}

/**
 * The table with these column headings, below the section heading; its rows by their first cells.
 *
 * @throws when there is none
 */
export function readTable(section: string, headings: readonly string[]): Table {
  const [, below = ''] = readSpecPage().split(`\n## ${section}`);
  const lines = (below.split('\n## ')[0] ?? '').split('\n');
  const start = lines.findIndex((line) => cellsOf(line).join('|') === headings.join('|'));
  if (start === -1) throw new Error(`no table "${headings.join(' | ')}" below "${section}"`);
  const rows = lines.slice(start + 2);
  const [, ...columns] = headings;
  return Object.fromEntries(
    rows.slice(0, rows.indexOf('')).map((line) => {
      const [event = '', ...cells] = cellsOf(line);
      return [event, Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))];
    }),
  );
}

function cellsOf(line: string): string[] {
  // A bar inside a cell is escaped.
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll('`', '').replaceAll('\\|', '|'));
}
