// Growth: what becomes of the cost of an invalidation when instances, entries, regions, tables or changed rows become many,
// with the exponent of each. Owns the sizes and what is shown of them.
import { startRedis } from '@tidemark/devstack';
import type { Findings, Measurement, RunOptions, Section, Series, Target } from '../measurement.ts';
import { numberText } from '../report/number-text.ts';
import { measureDrops } from './drop-cost.ts';
import { type Holder, measureEntryBytes } from './entry-memory.ts';
import { exponentOf, type Point } from './fit.ts';
import { measureListeners } from './listener-cost.ts';
import { measureTables } from './table-cost.ts';

/** One thing that grows, and what it costs. */
interface Growing {
  /** In the plural. */
  readonly what: string;
  /** How it is measured. Markdown. */
  readonly about: string;
  readonly unit: string;
  readonly curves: readonly Curve[];
  readonly notMeasured: readonly string[];
}

interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  /** What the exponent may be at most, with room for the noise of a small machine. */
  readonly atMost: number;
}

const sizes = {
  full: {
    instances: [1, 10, 100],
    entries: [1_000, 10_000, 100_000, 1_000_000],
    regions: [1, 10, 100, 1_000],
    tables: [10, 30, 100, 300],
    repetitions: 200,
    memory: [10_000, 100_000, 1_000_000],
  },
  quick: {
    instances: [1, 4],
    entries: [100, 1_000],
    regions: [1, 10],
    tables: [2, 6],
    repetitions: 20,
    memory: [10_000],
  },
} as const;

export const growth: Measurement = {
  name: 'growth',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    const size = sizes[isQuick ? 'quick' : 'full'];
    const sections: Section[] = [];
    tell('instances');
    sections.push(describe(await growInstances(size.instances, size.repetitions)));
    tell('entries');
    sections.push(describe(await growEntries(size.entries, size.repetitions)));
    tell('regions');
    sections.push(describe(await growRegions(size.regions, size.repetitions)));
    tell('tables');
    sections.push(describe(await growTables(size.tables, size.repetitions)));
    tell('memory');
    sections.push(await describeMemory(size.memory));
    return { sections, versions: {} };
  },
};

async function growInstances(sizes: readonly number[], repetitions: number): Promise<Growing> {
  await using redis = await startRedis();
  const first: Point[] = [];
  const last: Point[] = [];
  for (const instances of sizes) {
    const cost = await measureListeners({ redisUrl: redis.url, instances, repetitions });
    first.push([instances, cost.firstMs]);
    last.push([instances, cost.lastMs]);
  }
  return {
    what: 'instances',
    about:
      'From the bell to the drop of one key, over a journal in memory and a real Redis. All instances are in one process, so that each waits for those before it: the first one shows what Redis and the round take.',
    unit: 'ms',
    curves: [
      { name: 'drop in the first', points: first, atMost: 1.2 },
      { name: 'drop in the last', points: last, atMost: 1.2 },
    ],
    notMeasured: [
      'Instances on machines of their own: there they do not wait for each other, and Redis alone is shared.',
    ],
  };
}

const alone =
  'From the bell to the drop, over a journal in memory whose rounds end in the process: without Redis and database it is the work of an instance alone.';

async function growEntries(sizes: readonly number[], repetitions: number): Promise<Growing> {
  const oneKey: Point[] = [];
  const wholeTable: Point[] = [];
  for (const entries of sizes) {
    const cost = await measureDrops({ entries, regions: 1, repetitions });
    oneKey.push([entries, cost.oneKeyUs]);
    wholeTable.push([entries, cost.wholeTableUs]);
  }
  return {
    what: 'entries',
    about: `${alone} One region, that is full of entries.`,
    unit: 'µs',
    curves: [
      { name: 'one key', points: oneKey, atMost: 0.2 },
      { name: 'the whole table', points: wholeTable, atMost: 0.2 },
    ],
    notMeasured: ['Collecting the memory of the dropped entries, which happens later and elsewhere.'],
  };
}

async function growRegions(sizes: readonly number[], repetitions: number): Promise<Growing> {
  const points: Point[] = [];
  for (const regions of sizes) {
    points.push([regions, (await measureDrops({ entries: 100, regions, repetitions })).oneKeyUs]);
  }
  return {
    what: 'regions of a table',
    about: `${alone} Each region has 100 entries, and all are fed by the table that changes; the drop is that of the last.`,
    unit: 'µs',
    curves: [{ name: 'one key', points, atMost: 1.2 }],
    notMeasured: [],
  };
}

async function growTables(sizes: readonly number[], repetitions: number): Promise<Growing> {
  return {
    what: 'followed tables',
    about:
      'A read of the journal over a direct connection that finds nothing new. Each followed table is looked after in each read, for its triggers may have been switched off meanwhile.',
    unit: 'ms',
    curves: [{ name: 'a read of the journal', points: await measureTables(sizes, repetitions), atMost: 1.2 }],
    notMeasured: [],
  };
}

/** Over all sizes, and over the last two of them, where what grows is no longer hidden by what does not. */
function exponentsOf({ points }: Curve): { readonly all: number; readonly end: number } {
  return { all: exponentOf(points), end: exponentOf(points.slice(-2)) };
}

function describe({ what, about, unit, curves, notMeasured }: Growing): Section {
  const [first] = curves;
  return {
    title: `As ${what} grow`,
    about: [
      about,
      'The exponent is the slope of the line through the points on logarithmic axes: 0 does not grow, 1 grows in proportion, 2 would be quadratic.',
    ],
    table: {
      columns: [{ title: what }, ...curves.map(({ name }) => ({ title: name, unit }))],
      rows: [
        ...(first?.points ?? []).map(([size], at) => [
          size,
          ...curves.map(({ points }) => points[at]?.[1] ?? null),
        ]),
        ['exponent', ...curves.map((curve) => exponentsOf(curve).all)],
        ['of the last step', ...curves.map((curve) => exponentsOf(curve).end)],
      ],
    },
    plots: [
      {
        kind: 'lines',
        title: `Cost as ${what} grow`,
        x: { title: what, isLogarithmic: true },
        y: { title: unit, isLogarithmic: true },
        series: curves.map(({ name, points }): Series => ({ name, points, isOwn: true })),
      },
    ],
    targets: curves.map((curve): Target => {
      const { all, end } = exponentsOf(curve);
      return {
        what: `the exponent of ${curve.name}, as ${what} grow: the larger one`,
        unit: '',
        measured: Math.max(all, end),
        limit: { atMost: curve.atMost },
      };
    }),
    peerWins: [],
    notMeasured,
  };
}

async function describeMemory(counts: readonly number[]): Promise<Section> {
  const holders: readonly Holder[] = ['lru-cache', 'region'];
  const rows: [number, number, number, number][] = [];
  for (const entries of counts) {
    const lru = await measureEntryBytes('lru-cache', entries);
    const region = await measureEntryBytes('region', entries);
    rows.push([entries, lru, region, region / lru]);
  }
  const [entries = 0, lru = 0, region = 0, ratio = 0] = rows.at(-1) ?? [];
  return {
    title: 'Memory of an entry',
    about: [
      'Growth of the heap per entry after a collection, in a process of its own for each. All entries share one value, and the keys are there before: what is left is the price of an entry. Both hold a TTL for each; a region notes also when the value was read, on two clocks, and when it is to be loaded ahead.',
    ],
    table: {
      columns: [
        { title: 'entries' },
        { title: 'lru-cache', unit: 'bytes' },
        { title: 'region', unit: 'bytes' },
        { title: 'beside lru-cache', unit: '×' },
      ],
      rows,
    },
    plots: [
      {
        kind: 'bars',
        title: `Bytes of an entry, of ${numberText(entries)}`,
        unit: 'bytes',
        bars: holders.map((holder) => ({
          label: holder,
          value: holder === 'region' ? region : lru,
          isOwn: holder === 'region',
        })),
      },
    ],
    targets: [],
    peerWins: [`lru-cache takes less for an entry: a region takes ${ratio.toFixed(1)} times as much.`],
    notMeasured: ['The values and keys themselves, which are the same for both.'],
  };
}
