// The report of a takeover run as text: one line per row on a terminal, a table for docs/takeover.md. Pure.
import { upperBound } from '../chaos/judge/judge.ts';
import type { TakeoverOptions } from './options.ts';
import type { TakeoverRow } from './row.ts';

const columns: readonly (readonly [title: string, cell: (row: TakeoverRow) => string])[] = [
  ['takeovers', ({ attempts }) => String(attempts.length)],
  ['p50 ms', (row) => ms(quantile(takeoversOf(row), 0.5))],
  ['max ms', (row) => ms(quantile(takeoversOf(row), 1))],
  [
    'all max ms',
    ({ attempts }) =>
      ms(
        quantile(
          attempts.flatMap(({ allMs }) => allMs ?? []),
          1,
        ),
      ),
  ],
  ['p50 periods', (row) => periods(row, 0.5)],
  ['max periods', (row) => periods(row, 1)],
  ['changes', (row) => String(lagsOf(row).length)],
  ['lag p50', (row) => ms(quantile(lagsOf(row), 0.5))],
  ['lag p99', (row) => ms(quantile(lagsOf(row), 0.99))],
  ['lag max', (row) => ms(quantile(lagsOf(row), 1))],
  ['lost', ({ lost }) => String(lost)],
  ['reads', ({ reads }) => String(reads)],
  ['beyond B', ({ beyondBound }) => String(beyondBound)],
  ['worst ms', ({ worstMs }) => ms(worstMs)],
  ['survivors', ({ survivors }) => String(survivors)],
  ['errors', ({ errors }) => String(errors)],
  ['resets', ({ resets }) => String(resets)],
  ['generations', ({ generations }) => String(generations)],
];

export function titleLine(): string {
  return ['     ', ...columns.map(([title]) => title.padStart(widthOf(title))), ' case'].join(' ');
}

export function rowLine(row: TakeoverRow): string {
  const cells = columns.map(([title, cell]) => cell(row).padStart(widthOf(title)));
  return [row.isGood ? 'good ' : 'WRONG', ...cells, ` ${row.deployment}: ${row.fault}`].join(' ');
}

function widthOf(title: string): number {
  return Math.max(title.length, 6);
}

export function summarise(
  rows: readonly TakeoverRow[],
  { boundMs, roundEveryMs, seed }: TakeoverOptions,
): string {
  const sum = (of: (row: TakeoverRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const [reads, beyond] = [sum((row) => row.reads), sum((row) => row.beyondBound)];
  const wrong = rows.filter(({ isGood }) => !isGood).length;
  const share =
    beyond === 0 && reads > 0
      ? `: with 95 % confidence fewer than ${upperBound(reads).toExponential(1)} of all reads are (3/n)`
      : '';
  return [
    `${rows.length} rows, ${wrong} wrong, seed ${seed}, rounds every ${roundEveryMs} ms: `,
    `${formatted(sum((row) => row.attempts.length))} takeovers under load, `,
    `${formatted(reads)} reads checked, ${formatted(beyond)} beyond B = ${boundMs} ms${share}; `,
    `${formatted(sum((row) => lagsOf(row).length))} changes committed while nobody worked, ${formatted(sum((row) => row.lost))} lost.`,
  ].join('');
}

/** @param place the machine, and what else it had to do */
export function markdown(rows: readonly TakeoverRow[], options: TakeoverOptions, place: string): string {
  const titles = ['', ...columns.map(([title]) => title)];
  const lines: string[] = [summarise(rows, options), '', `On ${place}.`, ''];
  for (const deployment of new Set(rows.map((row) => row.deployment))) {
    lines.push(`**${capitalised(deployment)}**`, '', tableLine(titles));
    lines.push(tableLine(titles.map((_, index) => (index === 0 ? '---' : '--:'))));
    for (const row of rows.filter((row) => row.deployment === deployment)) {
      lines.push(tableLine([row.fault, ...columns.map(([, cell]) => cell(row))]));
    }
    lines.push('');
  }
  return lines.join('\n');
}

function takeoversOf({ attempts }: TakeoverRow): readonly number[] {
  return attempts.flatMap(({ takeoverMs }) => (takeoverMs === null ? [] : [takeoverMs]));
}

function lagsOf({ attempts }: TakeoverRow): readonly number[] {
  return attempts.flatMap(({ lagsMs }) => lagsMs);
}

function periods(row: TakeoverRow, share: number): string {
  const found = quantile(takeoversOf(row), share);
  return found === undefined ? '-' : (found / row.roundEveryMs).toFixed(1);
}

/** The smallest that at least this share does not exceed; undefined of nothing. */
function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function ms(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(0);
}

function formatted(count: number): string {
  return count.toLocaleString('en-US');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
