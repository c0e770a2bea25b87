// The report of a fault run as text: one line per row on a terminal, a table for docs/chaos.md. Pure.
import { upperBound } from '../judge/judge.ts';
import type { ChaosOptions } from '../options.ts';
import type { Row } from '../row.ts';

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['reads', (row) => String(row.reads)],
  [`beyond B`, (row) => String(row.beyondBound)],
  ['survivors', (row) => String(row.survivors)],
  ['own misses', (row) => String(row.ownMisses)],
  ['invented', (row) => String(row.invented)],
  ['errors', (row) => String(row.errors)],
  ['source errors', (row) => String(row.sourceErrors)],
  ['worst ms', (row) => row.worstMs.toFixed(0)],
  ['stale reads', (row) => String(row.stale)],
  ['backwards', (row) => String(row.steps.backwards)],
  ['overlapping', (row) => String(row.steps.overlapping)],
  ['loads', (row) => String(row.loads)],
  ['extra loads', (row) => String(row.extraLoads)],
  ['most per key', (row) => String(row.mostLoads)],
  ['lost commits', (row) => String(row.lostCommits)],
  ['trust ms', (row) => row.trustMs?.toFixed(0) ?? 'never'],
];

export function titleLine(): string {
  return ['     ', ...columns.map(([title]) => title.padStart(widthOf(title))), ' fault'].join(' ');
}

export function rowLine(row: Row): string {
  const cells = columns.map(([title, cell]) => cell(row).padStart(widthOf(title)));
  return [row.isGood ? 'good ' : 'WRONG', ...cells, ` ${row.fault}`].join(' ');
}

function widthOf(title: string): number {
  return Math.max(title.length, 7);
}

export interface Summary {
  readonly reads: number;
  readonly wrongRows: number;
  readonly sentence: string;
}

export function summarise(rows: readonly Row[], options: ChaosOptions): Summary {
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const [reads, beyond] = [sum((row) => row.reads), sum((row) => row.beyondBound)];
  const wrongRows = rows.filter(({ isGood }) => !isGood).length;
  const bound =
    beyond === 0 && reads > 0
      ? `; with 95 % confidence fewer than ${upperBound(reads).toExponential(1)} of all reads are (3/n)`
      : '';
  const sentence = [
    `${rows.length} rows, ${wrongRows} wrong, seed ${options.seed}: `,
    `${formatted(reads)} reads checked, ${formatted(beyond)} beyond B = ${options.boundMs} ms${bound}; `,
    `${formatted(sum((row) => row.loads))} loads, ${formatted(sum((row) => row.extraLoads))} too many.`,
  ].join('');
  return { reads, wrongRows, sentence };
}

function formatted(count: number): string {
  return count.toLocaleString('en-US');
}

/** How reads went back in time, over all rows. */
export function explainBackwards(rows: readonly Row[]): string {
  const byOrigins = new Map<string, number>();
  for (const { steps } of rows) {
    for (const [origins, count] of Object.entries(steps.byOrigins)) {
      byOrigins.set(origins, (byOrigins.get(origins) ?? 0) + count);
    }
  }
  const parts = [...byOrigins].sort(([, a], [, b]) => b - a).map(([origins, count]) => `${origins} ${count}`);
  const stalestMs = Math.max(...rows.map(({ steps }) => steps.stalestMs));
  return parts.length === 0 ? 'none' : `${parts.join(', ')}; the stalest by ${stalestMs.toFixed(0)} ms`;
}

/** Rows in which no answer broke a promise of time: where the control was lucky, or its fault did not touch it. */
function rowsInTime(rows: readonly Row[]): readonly string[] {
  return rows
    .filter((row) => row.beyondBound + row.survivors + row.ownMisses + row.invented === 0)
    .map(({ fault }) => fault);
}

/** @param place the machine, and what else it had to do */
export function markdown(rows: readonly Row[], options: ChaosOptions, place: string): string {
  const titles = ['fault', ...columns.map(([title]) => title)];
  const lines = rows.map((row) => [row.fault, ...columns.map(([, cell]) => cell(row))]);
  const inTime = rowsInTime(rows);
  return [
    summarise(rows, options).sentence,
    '',
    `On ${place}. Reads that went back in time on one instance, by where the newer and the older answer came from: ${explainBackwards(rows)}.`,
    '',
    ...(options.contestant === 'naive'
      ? [
          `No stale answer beyond B, survivor, own miss or invention in ${inTime.length} rows: ${inTime.join(', ')}.`,
          '',
        ]
      : []),
    tableLine(titles),
    tableLine(titles.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...lines.map(tableLine),
    '',
  ].join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
