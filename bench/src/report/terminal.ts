// Findings on a terminal: the table of each section, then its targets. Pure.
import { type Cell, isMet, type Section, type Table, type Target } from '../measurement.ts';
import { numberText, quantityText } from './number-text.ts';

export function sectionLines(section: Section): string {
  const targets = section.targets.map(
    (target) => `  ${isMet(target) ? 'met   ' : 'MISSED'} ${targetText(target)}`,
  );
  return ['', section.title, ...tableLines(section.table).map((line) => `  ${line}`), ...targets].join('\n');
}

function tableLines({ columns, rows }: Table): readonly string[] {
  const titles = columns.map(({ title, unit }) => (unit === undefined ? title : `${title}, ${unit}`));
  const texts = [titles, ...rows.map((row) => row.map(cellText))];
  const widths = titles.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return texts.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return isFigures({ columns, rows }, column) ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

export function cellText(cell: Cell): string {
  return cell === null ? '-' : typeof cell === 'number' ? numberText(cell) : cell;
}

/** Figures stand to the right. */
export function isFigures({ rows }: Table, column: number): boolean {
  return rows.some((row) => typeof row[column] === 'number');
}

function targetText(target: Target): string {
  return `${target.what}: ${quantityText(target.measured, target.unit)}, ${limitText(target)}`;
}

export function limitText({ limit, unit }: Target): string {
  return 'atMost' in limit
    ? `at most ${quantityText(limit.atMost, unit)}`
    : `at least ${quantityText(limit.atLeast, unit)}`;
}
