// What a read costs that L1 answers: `peek` and an awaited `get`, beside the peers and beside lru-cache alone.
import { type ContestResult, runContest } from '../contest/contest.ts';
import type { Entrant } from '../contest/contestant-process.ts';
import type { Bar, Cell, Findings, Measurement, RunOptions, Section } from '../measurement.ts';

const lruCache = new URL('../peers/lru-cache.ts', import.meta.url).href;
const tidemark = new URL('../peers/tidemark.ts', import.meta.url).href;

interface Reader extends Omit<Entrant, 'setting'> {
  readonly isOwn?: boolean;
}

const synchronous: readonly Reader[] = [
  { name: 'region.peek', module: tidemark, contestant: 'peek', isOwn: true },
  { name: 'region.peek without a lease', module: tidemark, contestant: 'peek without a lease', isOwn: true },
  { name: 'lru-cache, clock on every hit', module: lruCache, contestant: 'clock on every hit' },
  { name: 'lru-cache, as it comes', module: lruCache, contestant: 'as it comes' },
];

export const hit: Measurement = {
  name: 'hit',
  async run(options) {
    const sections: Section[] = [];
    for (const keys of options.isQuick ? [1_000] : [1_000, 100_000]) {
      sections.push(await measurePeek(keys, options));
    }
    return { sections, versions: {} } satisfies Findings;
  },
};

async function contestOf(readers: readonly Reader[], keys: number, isQuick: boolean): Promise<ContestResult> {
  return runContest({
    entrants: readers.map((reader) => ({ ...reader, setting: { keys } })),
    rounds: isQuick ? 3 : 40,
    batchMs: isQuick ? 2 : 20,
    time: 'processorMs',
    warmUps: isQuick ? 1 : 10,
  });
}

async function measurePeek(keys: number, { isQuick, tell }: RunOptions): Promise<Section> {
  tell(`peek over ${keys} keys`);
  const result = await contestOf(synchronous, keys, isQuick);
  const count = keys.toLocaleString('en-US');
  return {
    title: `A synchronous hit over ${count} keys`,
    about: [],
    table: {
      columns: [
        { title: 'read' },
        { title: 'median', unit: 'ns' },
        { title: 'low', unit: 'ns' },
        { title: 'high', unit: 'ns' },
        { title: 'ratio', unit: '×' },
      ],
      rows: synchronous.map(({ name }): readonly Cell[] => {
        const { median, quarters } = result.of(name);
        return [name, median, ...quarters, result.ratio(name, 'lru-cache, clock on every hit')];
      }),
    },
    plots: [
      {
        kind: 'bars',
        title: `A synchronous hit over ${count} keys`,
        unit: 'ns',
        bars: synchronous.map(({ name, isOwn = false }): Bar => {
          const { median, quarters } = result.of(name);
          return { label: name, value: median, spread: quarters, isOwn };
        }),
      },
    ],
    targets: [
      {
        what: `a lone \`peek\` beside \`lru-cache.get\` with a clock read per hit, ${count} keys`,
        unit: '×',
        measured: result.ratio('region.peek', 'lru-cache, clock on every hit'),
        limit: { atMost: 1.3 },
      },
    ],
    peerWins: [],
    notMeasured: [],
  };
}
