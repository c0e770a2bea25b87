// Growth: what becomes of the cost of an invalidation when instances, entries, regions, tables or changed rows become many,
// with the exponent of each. Owns the sizes and what is shown of them.
import { type RedisServer, startRedis } from '@tidemark/devstack';
import type { Findings, Measurement, RunOptions, Section, Series, Target } from '../measurement.ts';
import { measureDrops } from './drop-cost.ts';
import { type Holder, measureEntryBytes } from './entry-memory.ts';
import { exponentOf, type Point } from './fit.ts';
import { measureListeners } from './listener-cost.ts';
import { measureTables } from './table-cost.ts';

/** One thing that grows, and one cost. */
interface Curve {
  readonly name: string;
  readonly unit: string;
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
    memory: [10_000, 100_000],
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
    const { instances, entries, regions, tables, repetitions, memory } = sizes[isQuick ? 'quick' : 'full'];
    const curves: Curve[] = [];
    tell('instances');
    await using redis = await startRedis();
    curves.push(...(await growInstances(redis, instances, repetitions)));
    tell('entries');
    const byEntries = await growDrops(entries, (size) => ({ entries: size, regions: 1, repetitions }));
    curves.push(
      { name: 'one key, as entries grow', unit: 'µs', points: byEntries.oneKey, atMost: 0.2 },
      { name: 'the whole table, as entries grow', unit: 'µs', points: byEntries.wholeTable, atMost: 0.2 },
    );
    tell('regions');
    const byRegions = await growDrops(regions, (size) => ({ entries: 100, regions: size, repetitions }));
    curves.push({
      name: 'one key, as regions of its table grow',
      unit: 'µs',
      points: byRegions.oneKey,
      atMost: 1.2,
    });
    tell('tables');
    const byTables = await measureTables(tables, repetitions);
    curves.push({ name: 'a read of the journal, as tables grow', unit: 'ms', points: byTables, atMost: 1.2 });
    tell('memory');
    return { sections: [describeCurves(curves), await describeMemory(memory)], versions: {} };
  },
};

async function growInstances(
  redis: RedisServer,
  sizes: readonly number[],
  repetitions: number,
): Promise<Curve[]> {
  const first: Point[] = [];
  const last: Point[] = [];
  for (const instances of sizes) {
    const cost = await measureListeners({ redisUrl: redis.url, instances, repetitions });
    first.push([instances, cost.firstMs]);
    last.push([instances, cost.lastMs]);
  }
  return [
    { name: 'the first instance, as instances grow', unit: 'ms', points: first, atMost: 1.2 },
    { name: 'the last instance, as instances grow', unit: 'ms', points: last, atMost: 1.2 },
  ];
}

async function growDrops(
  sizes: readonly number[],
  sceneOf: (size: number) => Parameters<typeof measureDrops>[0],
): Promise<{ readonly oneKey: Point[]; readonly wholeTable: Point[] }> {
  const oneKey: Point[] = [];
  const wholeTable: Point[] = [];
  for (const size of sizes) {
    const cost = await measureDrops(sceneOf(size));
    oneKey.push([size, cost.oneKeyUs]);
    wholeTable.push([size, cost.wholeTableUs]);
  }
  return { oneKey, wholeTable };
}

function describeCurves(curves: readonly Curve[]): Section {
  return {
    title: 'Growth',
    about: [
      'From the bell to the drop. Instances: of one process, with a real Redis, so that each waits for those before it; the first instance shows what Redis and the round take. Entries and regions: rounds over a journal in memory that end in the process, so that it is the work of an instance alone. Tables: a read of the journal over a direct connection that finds nothing new.',
      'The exponent is the slope of the line through the points on logarithmic axes: 0 does not grow, 1 grows in proportion, 2 would be quadratic.',
    ],
    table: {
      columns: [
        { title: 'cost of' },
        { title: 'smallest' },
        { title: 'cost' },
        { title: 'largest' },
        { title: 'cost' },
        { title: 'exponent' },
      ],
      rows: curves.map(({ name, unit, points }) => {
        const [[smallest, least] = [0, 0], [largest, most] = [0, 0]] = [points[0], points.at(-1)];
        const shown = (cost: number): string => `${cost.toPrecision(3)} ${unit}`;
        return [name, smallest, shown(least), largest, shown(most), exponentOf(points)];
      }),
    },
    plots: ['ms', 'µs'].map((unit) => ({
      kind: 'lines',
      title: `Cost as something grows, in ${unit}`,
      x: { title: 'how many', isLogarithmic: true },
      y: { title: unit, isLogarithmic: true },
      series: curves
        .filter((curve) => curve.unit === unit)
        .map(({ name, points }): Series => ({ name, points, isOwn: true })),
    })),
    targets: curves.map(({ name, points, atMost }): Target => ({
      what: `the exponent of ${name}`,
      unit: '',
      measured: exponentOf(points),
      limit: { atMost },
    })),
    peerWins: [],
    notMeasured: [
      'Instances on machines of their own: there they do not wait for each other, and Redis alone is shared.',
    ],
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
        title: `Bytes of an entry, of ${entries}`,
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
