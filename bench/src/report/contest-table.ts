// The result of a contest as a table and as bars: the same columns wherever contestants are timed. Pure.
import type { ContestResult } from '../contest/contest.ts';
import type { Bar, Cell, Table } from '../measurement.ts';
import { numberText } from './number-text.ts';

export interface Entry {
  readonly label: string;
  readonly isOwn: boolean;
}

export interface ContestTable {
  /** The one that ratios are beside of. */
  readonly base: string;
  /** Nanoseconds: 1, microseconds: 1,000. */
  readonly unit: { readonly name: string; readonly inNs: number };
}

export function tableOf(
  entries: readonly Entry[],
  result: ContestResult,
  { base, unit }: ContestTable,
): Table {
  return {
    columns: [
      { title: 'read' },
      { title: 'median', unit: unit.name },
      { title: 'a quarter below', unit: unit.name },
      { title: 'a quarter above', unit: unit.name },
      { title: `beside ${base}`, unit: '×' },
    ],
    rows: entries.map(({ label }): readonly Cell[] => {
      const { median, quarters } = result.of(label);
      return [label, ...[median, ...quarters].map((value) => value / unit.inNs), result.ratio(label, base)];
    }),
  };
}

export function barsOf(
  entries: readonly Entry[],
  result: ContestResult,
  { unit: { inNs } }: Pick<ContestTable, 'unit'>,
): readonly Bar[] {
  return entries.map(({ label, isOwn }) => {
    const { median, quarters } = result.of(label);
    return { label, value: median / inNs, spread: [quarters[0] / inNs, quarters[1] / inNs], isOwn };
  });
}

/** A sentence for each that takes less than Tidemark: a difference of less than a fiftieth is none. */
export function winsOf(
  readings: readonly { readonly label: string; readonly peer: string }[],
  result: ContestResult,
  own: string,
): readonly string[] {
  return readings
    .filter(({ peer }) => !peer.startsWith('tidemark'))
    .map(({ label }) => ({ label, ratio: result.ratio(label, own) }))
    .filter(({ ratio }) => ratio < leastWin)
    .map(({ label, ratio }) => `${label}: ${numberText(ratio)}× of what Tidemark takes.`);
}

const leastWin = 0.98;
