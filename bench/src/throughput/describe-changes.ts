// What is shown of changes on their way: how many a second are kept up with, how many an instance applies, and what a bulk
// change costs. Pure.
import { exponentOf } from '../growth/fit.ts';
import type { Section, Series } from '../measurement.ts';
import { numberText } from '../report/number-text.ts';
import type { Applied } from './applied.ts';
import type { Bulk, Sustained } from './sustained.ts';

export const shared = 'Everything shares the cores of one machine: writers, PostgreSQL, Redis, the rounds.';

/** Beyond it the rounds have fallen behind: as long as a period of theirs over the Data API. */
const keptUpMs = 250;

export function describeSustained(found: readonly Sustained[]): Section {
  const single = found.filter(({ rows }) => rows === 1);
  const bulk = found.filter(({ rows }) => rows > 1);
  return {
    title: 'Changes a second',
    about: [
      `Writers insert without rest, each statement a transaction; hints and journal come over a direct connection. The lag is from a commit to the drop in an instance; behind the last change one more shows how far the rounds were behind. ${shared}`,
      `A round takes all that was committed since the one before, so that more changes make larger records, not more rounds; from 1,000 keys on a record names the table. ${saturationText(found)}`,
    ],
    table: {
      columns: [
        { title: 'writers' },
        { title: 'rows of a statement' },
        { title: 'changes', unit: '1/s' },
        { title: 'records', unit: '1/s' },
        { title: 'lag, p50', unit: 'ms' },
        { title: 'lag, p99', unit: 'ms' },
        { title: 'behind at the end', unit: 'ms' },
      ],
      rows: found.map(({ writers, rows, perSecond, recordsPerSecond, lagMs, drainMs }) => [
        writers,
        rows,
        perSecond,
        recordsPerSecond,
        lagMs.p50,
        lagMs.p99,
        drainMs,
      ]),
    },
    plots: [
      {
        kind: 'lines',
        title: 'Lag by changes a second',
        x: { title: 'changes a second', isLogarithmic: true },
        y: { title: 'ms', isLogarithmic: true },
        series: [...lagSeries('single rows', single), ...lagSeries('many rows', bulk)],
      },
    ],
    targets: [
      {
        what: 'how far the rounds are behind when the writers stop',
        unit: 'ms',
        measured: Math.max(...found.map(({ drainMs }) => drainMs)),
        limit: { atMost: keptUpMs },
      },
    ],
    peerWins: [],
    notMeasured: [
      'A sidecar with a core of its own. Here the writers take most of both, and it gets what they leave.',
    ],
  };
}

function saturationText(found: readonly Sustained[]): string {
  const most = found.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  const lost = found
    .filter(({ drainMs }) => drainMs > keptUpMs)
    .toSorted((a, b) => a.perSecond - b.perSecond)[0];
  if (lost !== undefined) {
    return `Here the rounds fell behind at ${numberText(Math.round(lost.perSecond))} changes a second.`;
  }
  return `Here the writers were at their end first, at ${numberText(Math.round(most?.perSecond ?? 0))} changes a second: the rounds were never more than ${keptUpMs} ms behind.`;
}

function lagSeries(name: string, found: readonly Sustained[]): readonly Series[] {
  if (found.length === 0) return [];
  return (['p50', 'p99'] as const).map((share) => ({
    name: `${name}, ${share}`,
    points: found
      // An axis of powers has no place for 0.
      .map(({ perSecond, lagMs }) => [perSecond, Math.max(0.1, lagMs[share])] as const)
      .toSorted(([a], [b]) => a - b),
    isOwn: true,
  }));
}

export function describeApplied(found: readonly Applied[]): Section {
  return {
    title: 'Invalidations a second',
    about: [
      'Rounds that follow each other at once, over a journal in memory, pushed through a real Redis to an instance that has none of the keys in L1. Rounds and instance share a process. A record names 1,000 keys at most.',
    ],
    table: {
      columns: [
        { title: 'keys in a record' },
        { title: 'records', unit: '1/s' },
        { title: 'keys', unit: '1/s' },
      ],
      rows: found.map(({ keysPerRecord, recordsPerSecond, keysPerSecond }) => [
        keysPerRecord,
        recordsPerSecond,
        keysPerSecond,
      ]),
    },
    plots: [
      {
        kind: 'lines',
        title: 'Keys dropped a second, by the size of a record',
        x: { title: 'keys in a record', isLogarithmic: true },
        y: { title: 'keys a second', isLogarithmic: true },
        series: [
          {
            name: 'keys a second',
            points: found.map(({ keysPerRecord, keysPerSecond }) => [keysPerRecord, keysPerSecond] as const),
            isOwn: true,
          },
        ],
      },
    ],
    targets: [],
    peerWins: [],
    notMeasured: ['Filling L2 and L1 again, which costs the source, and not the invalidation.'],
  };
}

export function describeBulk(found: readonly Bulk[]): Section {
  const exponent = exponentOf(found.map(({ rows, lagMs }) => [rows, Math.max(lagMs, 0.01)] as const));
  return {
    title: 'A bulk change',
    about: [
      'One INSERT of so many rows, and the time from its commit to the drop in an instance. More than 1,000 keys are one journal row and one record that names the table: what is left to do depends on the tables, not on the rows.',
      'What grows is the way of the bell: a direct hint comes when PostgreSQL has decoded the whole transaction from its log. Rounds do not wait for it, they begin every 100 ms anyway.',
    ],
    table: {
      columns: [
        { title: 'rows' },
        { title: 'statement', unit: 'ms' },
        { title: 'commit to drop', unit: 'ms' },
        { title: 'record names' },
      ],
      rows: found.map(({ rows, statementMs, lagMs, keys }) => [
        rows,
        statementMs,
        lagMs,
        keys === null ? 'the table' : keys === 1 ? '1 key' : `${keys} keys`,
      ]),
    },
    plots: [
      {
        kind: 'lines',
        title: 'Commit to drop, as the rows of a statement grow',
        x: { title: 'rows', isLogarithmic: true },
        y: { title: 'ms', isLogarithmic: true },
        series: [
          {
            name: 'commit to drop',
            points: found.map(({ rows, lagMs }) => [rows, Math.max(lagMs, 0.01)] as const),
            isOwn: true,
          },
        ],
      },
    ],
    targets: [
      {
        what: 'the exponent of commit to drop, as rows grow',
        unit: '',
        measured: exponent,
        limit: { atMost: 0.3 },
      },
    ],
    peerWins: [],
    notMeasured: [],
  };
}
