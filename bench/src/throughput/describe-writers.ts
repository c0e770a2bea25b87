// What is shown of the cost of following a table: to writers of single rows, and to a bulk statement. Pure.
import type { Section } from '../measurement.ts';
import { shared } from './describe-changes.ts';
import { type BulkCost, type Following, followings, type WriterCost } from './writer-cost.ts';

/** @param isDurable whether each commit waited for the disk */
export function describeWriters(costs: readonly WriterCost[], isDurable: boolean): Section {
  const rateOf = (wanted: Following, count: number): number =>
    costs.find(({ following, writers }) => following === wanted && writers === count)?.perSecond ??
    Number.NaN;
  const counts = [...new Set(costs.map(({ writers }) => writers))];
  const most = Math.max(...counts);
  return {
    title: isDurable ? 'And on a server that waits for its disk' : 'What a followed table costs its writers',
    about: isDurable
      ? [
          'The same with fsync, as a database in use has it: commits wait for the disk, several of them together. A NOTIFY takes one lock for all commits and holds it while its own waits, so that writers wait one after the other. Direct hints come from the log that is written anyway.',
        ]
      : [
          `Updates of one row, each a transaction, on tables that differ in their triggers alone, in turns. Somebody listens to the direct hints and to the NOTIFY, which is none of Tidemark's ways: it is measured because it would be the obvious one. ${shared} PostgreSQL runs without fsync, where a commit costs least and a ratio is at its worst.`,
        ],
    table: {
      columns: [
        { title: 'table is followed by' },
        ...counts.flatMap((count) => [
          { title: count === 1 ? '1 writer' : `${count} writers`, unit: '1/s' },
          { title: 'of unfollowed', unit: '×' },
        ]),
      ],
      rows: followings.map((following) => [
        following,
        ...counts.flatMap((count) => [
          rateOf(following, count),
          rateOf(following, count) / rateOf('not at all', count),
        ]),
      ]),
    },
    plots: [
      {
        kind: 'lines',
        title: `Updates a second, as writers grow${isDurable ? ', with fsync' : ''}`,
        x: { title: 'writers', isLogarithmic: true },
        y: { title: 'updates a second' },
        series: followings.map((name) => ({
          name,
          points: counts.map((count) => [count, rateOf(name, count)] as const),
          isOwn: name.startsWith('journal') && name !== 'journal, NOTIFY',
        })),
      },
    ],
    targets: isDurable
      ? [
          {
            what: `what writers get done with direct hints, beside the journal alone, when there are ${most}`,
            unit: '×',
            measured: rateOf('journal, direct hints', most) / rateOf('journal', most),
            limit: { atLeast: 0.9 },
          },
        ]
      : [],
    peerWins: [],
    notMeasured: isDurable
      ? ['A disk of its own for the log, or a network disk, whose waits are longer.']
      : [],
  };
}

export function describeBulkCost(costs: readonly BulkCost[]): Section {
  return {
    title: 'What the journal costs a bulk statement',
    about: ['One UPDATE of so many rows, with and without the triggers, in turns; medians.'],
    table: {
      columns: [
        { title: 'rows' },
        { title: 'without', unit: 'ms' },
        { title: 'with the journal', unit: 'ms' },
        { title: 'ratio', unit: '×' },
      ],
      rows: costs.map(({ rows, plainMs, journaledMs }) => [
        rows,
        plainMs,
        journaledMs,
        journaledMs / plainMs,
      ]),
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: [],
  };
}
