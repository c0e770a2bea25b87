// Throughput: what following a table costs its writers, how many changes a second the sidecar keeps up with and an instance
// applies, and what a bulk change costs. Owns the sizes and what is shown of them.
import { startStack } from '@tidemark/devstack';
import { exponentOf } from '../growth/fit.ts';
import type { Findings, Measurement, RunOptions, Section } from '../measurement.ts';
import { type Applied, measureApplied } from './applied.ts';
import {
  type Bulk,
  createFollowedTable,
  measureBulk,
  measureSustained,
  type Sustained,
} from './sustained.ts';
import {
  type BulkCost,
  createTables,
  type Following,
  followings,
  measureBulkCost,
  measureWriterCost,
  type WriterCost,
} from './writer-cost.ts';

const sizes = {
  full: {
    writers: [1, 4, 16],
    turns: 5,
    turnMs: 300,
    sustainedMs: 2_000,
    sustainedWriters: [1, 2, 4, 8, 16],
    bulkCost: [1_000, 10_000, 100_000],
    bulk: [1, 100, 10_000, 100_000, 1_000_000],
    keys: [1, 10, 100, 1_000],
    appliedMs: 2_000,
  },
  quick: {
    writers: [1],
    turns: 1,
    turnMs: 50,
    sustainedMs: 100,
    sustainedWriters: [1, 2],
    bulkCost: [100],
    bulk: [1, 2_000],
    keys: [1, 100],
    appliedMs: 100,
  },
} as const;

export const throughput: Measurement = {
  name: 'throughput',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    const size = sizes[isQuick ? 'quick' : 'full'];
    // Decoding a million rows for postgres_changes is the business of Realtime, not of what is measured.
    await using stack = await startStack({ realtime: { publication: 'nothing' } });
    const { databaseUrl, redisUrl } = stack;
    tell('writers');
    await createTables(databaseUrl, Math.max(...size.bulkCost, 16));
    await createFollowedTable(databaseUrl);
    const costs = await measureWriterCost({ stack, ...size });
    const bulkCosts = await measureBulkCost(databaseUrl, size.bulkCost, size.turns);
    tell('sidecar');
    const sustained = await measureSustained(stack, size.sustainedWriters, size.sustainedMs);
    tell('instance');
    const applied: Applied[] = [];
    for (const keysPerRecord of size.keys) {
      applied.push(await measureApplied({ redisUrl, keysPerRecord, durationMs: size.appliedMs }));
    }
    tell('bulk');
    const bulk = await measureBulk(stack, size.bulk);
    const sections = [
      describeWriters(costs),
      describeBulkCost(bulkCosts),
      describeSustained(sustained),
      describeApplied(applied),
      describeBulk(bulk),
    ];
    return { sections, versions: {} };
  },
};

const shared =
  'Everything shares the cores of one machine: writers, PostgreSQL, Redis, the rounds. PostgreSQL runs without fsync, where a commit costs least and a ratio is at its worst.';

function describeWriters(costs: readonly WriterCost[]): Section {
  const rateOf = (wanted: Following, count: number): number =>
    costs.find(({ following, writers }) => following === wanted && writers === count)?.perSecond ?? 0;
  const counts = [...new Set(costs.map(({ writers }) => writers))];
  return {
    title: 'What a followed table costs its writers',
    about: [
      `Updates of one row, each a transaction, on tables that differ in their triggers alone, in turns. ${shared}`,
    ],
    table: {
      columns: [
        { title: 'table is followed by' },
        ...counts.flatMap((count) => [
          { title: `${count} writers`, unit: '1/s' },
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
        title: 'Updates a second, as writers grow',
        x: { title: 'writers', isLogarithmic: true },
        y: { title: 'updates a second' },
        series: followings.map((name) => ({
          name,
          points: counts.map((count) => [count, rateOf(name, count)] as const),
          isOwn: name !== 'not at all',
        })),
      },
    ],
    targets: [],
    peerWins: [],
    notMeasured: [
      'A server with fsync: there the wait for the disk is most of a commit, and the triggers little.',
    ],
  };
}

function describeBulkCost(costs: readonly BulkCost[]): Section {
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

function describeSustained(found: readonly Sustained[]): Section {
  const most = Math.max(...found.map(({ perSecond }) => perSecond));
  return {
    title: 'Changes a second',
    about: [
      `Writers insert one row after the other, each a transaction, without rest; hints and journal come over a direct connection. The lag is from a commit to the drop in an instance; behind the last change one more shows how far the rounds were behind. A round takes all that was committed since the one before, so that more changes make larger records, not more rounds. ${shared}`,
    ],
    table: {
      columns: [
        { title: 'writers' },
        { title: 'changes', unit: '1/s' },
        { title: 'lag, p50', unit: 'ms' },
        { title: 'lag, p99', unit: 'ms' },
        { title: 'behind at the end', unit: 'ms' },
      ],
      rows: found.map(({ writers, perSecond, lagMs, drainMs }) => [
        writers,
        perSecond,
        lagMs.p50,
        lagMs.p99,
        drainMs,
      ]),
    },
    plots: [
      {
        kind: 'lines',
        title: 'Lag by changes a second',
        x: { title: 'changes a second' },
        y: { title: 'ms' },
        series: (['p50', 'p99'] as const).map((name) => ({
          name,
          points: found
            .map(({ perSecond, lagMs }) => [perSecond, lagMs[name]] as const)
            .toSorted(([a], [b]) => a - b),
          isOwn: true,
        })),
      },
    ],
    targets: [
      {
        what: `how far the rounds are behind after ${Math.round(most)} changes a second at most`,
        unit: 'ms',
        measured: Math.max(...found.map(({ drainMs }) => drainMs)),
        limit: { atMost: 250 },
      },
    ],
    peerWins: [],
    notMeasured: ['Where the sidecar alone would saturate: on this machine the writers do so before it.'],
  };
}

function describeApplied(found: readonly Applied[]): Section {
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

function describeBulk(found: readonly Bulk[]): Section {
  const exponent = exponentOf(found.map(({ rows, lagMs }) => [rows, Math.max(lagMs, 0.01)] as const));
  return {
    title: 'A bulk change',
    about: [
      'One INSERT of so many rows, and the time from its commit to the drop in an instance. More than 1,000 keys are one journal row and one record that names the table: what is left to do depends on the tables, not on the rows.',
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
        keys === null ? 'the table' : `${keys} keys`,
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
