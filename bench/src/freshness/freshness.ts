// Freshness: how long after a commit every instance has dropped what it overtook, by each way that a hint can take, next to
// the bare parts of the same machine. Owns which ways are measured and what is shown of them.
import { type Stack, startStack } from '@tidemark/devstack';
import { Client } from 'pg';
import { median, quantile } from '../contest/statistics.ts';
import { type BarePart, decoding, notification, publishing } from '../floor/bare-parts.ts';
import { sampleFloor } from '../floor/sample-floor.ts';
import type { Findings, Measurement, RunOptions, Section } from '../measurement.ts';
import { Deployment } from './deployment.ts';
import type { HintPath, JournalPath } from './messages.ts';
import { type ChangeSample, sampleChanges } from './sample-changes.ts';

const instances = 3;
const table = 'copilot_internal.tenant_llm_policies';

interface Way {
  readonly hint: HintPath;
  readonly journal: JournalPath;
  /** Other rows that are written meanwhile, a second. */
  readonly load: number;
}

const moderateLoad = 100;

/** The ones that wait for a poll or a timer need fewer samples: their spread is the period itself. */
const ways: readonly (Way & { readonly samples: number })[] = [
  { hint: 'broadcast', journal: 'direct', load: 0, samples: 200 },
  { hint: 'direct', journal: 'direct', load: 0, samples: 200 },
  { hint: 'broadcast', journal: 'rpc', load: 0, samples: 200 },
  { hint: 'direct', journal: 'rpc', load: 0, samples: 200 },
  { hint: 'changes', journal: 'direct', load: 0, samples: 60 },
  { hint: 'timer', journal: 'direct', load: 0, samples: 60 },
  { hint: 'timer', journal: 'rpc', load: 0, samples: 60 },
  { hint: 'broadcast', journal: 'direct', load: moderateLoad, samples: 200 },
  { hint: 'direct', journal: 'direct', load: moderateLoad, samples: 200 },
  { hint: 'broadcast', journal: 'rpc', load: moderateLoad, samples: 200 },
];

const floorSamples = 200;

interface MeasuredWay extends Way {
  readonly samples: readonly ChangeSample[];
}

interface Floor {
  readonly name: string;
  readonly delaysMs: readonly number[];
}

export const freshness: Measurement = {
  name: 'freshness',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    await using supabase = await startStack();
    await using plain = await startPlainStack();
    const floors = await measureFloors(plain, isQuick ? 5 : floorSamples);
    const measured: MeasuredWay[] = [];
    for (const way of isQuick ? ways.slice(0, 2) : ways) {
      tell(nameOf(way));
      const stack = isRealtime(way) ? supabase : plain;
      measured.push({ ...way, samples: await measureWay(stack, way, isQuick ? 5 : way.samples) });
    }
    return { sections: [describeWays(measured, floors), describeFloors(floors)], versions: {} };
  },
};

function isRealtime({ hint }: Way): boolean {
  return hint === 'broadcast' || hint === 'changes';
}

/** Without Realtime, and with triggers that send nothing through it: what else decodes and writes would be timed, too. */
async function startPlainStack(): Promise<Stack> {
  const stack = await startStack({ realtime: false });
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query(
    `select tidemark.track(tbl, key, prefixes, namespace, broadcast => false) from tidemark.watch`,
  );
  await client.end();
  return stack;
}

async function measureWay(stack: Stack, way: Way, samples: number): Promise<ChangeSample[]> {
  await using deployment = await Deployment.start({ stack, ...way, instances, table });
  return await sampleChanges({ stack, deployment, samples, backgroundPerSecond: way.load });
}

async function measureFloors(stack: Stack, samples: number): Promise<Floor[]> {
  const { redisUrl, databaseUrl } = stack;
  const parts: readonly (readonly [name: string, open: () => Promise<BarePart>])[] = [
    ['commit to NOTIFY heard', () => notification(databaseUrl)],
    ['commit to pgoutput heard', () => decoding(databaseUrl)],
    ['PUBLISH to message heard', () => publishing(redisUrl)],
  ];
  const floors: Floor[] = [];
  for (const [name, open] of parts) {
    await using part = await open();
    floors.push({ name, delaysMs: await sampleFloor(part, samples) });
  }
  return floors;
}

/** What any hint from the log and any push by Redis costs at least. NOTIFY is another way to the first of them. */
function floorMs(floors: readonly Floor[]): number {
  const [, decoded, published] = floors;
  return median(decoded?.delaysMs ?? []) + median(published?.delaysMs ?? []);
}

function nameOf({ hint, journal, load }: Way): string {
  return `${hint}, journal ${journal === 'rpc' ? 'over rpc' : 'direct'}${load === 0 ? '' : `, ${load} writes/s`}`;
}

const parts = ['hintMs', 'beginMs', 'readMs', 'publishMs'] as const;

function partMedian(samples: readonly ChangeSample[], part: (typeof parts)[number]): number | null {
  const times = samples.flatMap((sample) => sample[part] ?? []);
  return times.length === 0 ? null : median(times);
}

function describeWays(measured: readonly MeasuredWay[], floors: readonly Floor[]): Section {
  const floor = floorMs(floors);
  const totals = measured.map(({ samples }) => samples.map(({ totalMs }) => totalMs));
  const broadcast = median(totals[0] ?? []);
  return {
    title: 'Freshness',
    about: [
      `From the moment at which a writer knows that its commit is done to the moment at which the last of ${instances} instances has dropped the key. The rounds and each instance have a process of their own; all share a machine and its clock. One row is written at a time, after pauses of 20 to 84 ms.`,
      'Broadcasts and changes come through the local Realtime, in the process that writes. Direct hints and the timer are measured on a database without Realtime, whose triggers send nothing through it.',
      'The parts follow each other: commit to hint, hint to the start of the read that finds the change (begin in Redis, and rounds that looked too early), the read, and from its end to the drop (the publishing script, the push, the work of the instance). A hint may be heard before the writer knows of its commit: the first part is negative then. Without a hint the first part is missing, and the second counts from the commit.',
      `The floor is what the bare parts take (below): decoding a commit and one PUBLISH, ${floor.toFixed(2)} ms together.`,
    ],
    table: {
      columns: [
        { title: 'hint, journal' },
        { title: 'p50', unit: 'ms' },
        { title: 'p99', unit: 'ms' },
        { title: 'commit to hint', unit: 'ms' },
        { title: 'hint to read', unit: 'ms' },
        { title: 'read', unit: 'ms' },
        { title: 'read to drop', unit: 'ms' },
        { title: 'beside the floor', unit: '×' },
      ],
      rows: measured.map((way, at) => {
        const total = totals[at] ?? [];
        const byPart = parts.map((part) => partMedian(way.samples, part));
        return [nameOf(way), median(total), quantile(total, 0.99), ...byPart, median(total) / floor];
      }),
    },
    plots: [
      {
        kind: 'bars',
        title: 'Commit to the drop in every instance, median and quarters',
        unit: 'ms',
        isLogarithmic: true,
        bars: [
          { label: 'floor', value: floor },
          ...measured.map((way, at) => ({
            label: nameOf(way),
            value: median(totals[at] ?? []),
            spread: [quantile(totals[at] ?? [], 0.25), quantile(totals[at] ?? [], 0.75)] as const,
            isOwn: true,
          })),
        ],
      },
    ],
    targets: [
      {
        what: 'median of broadcasts with the journal read directly, beside the floor',
        unit: '×',
        measured: broadcast / floor,
        limit: { atMost: 4 },
      },
      {
        what: 'median of direct hints with the journal read directly, beside the floor',
        unit: '×',
        measured: median(totals[1] ?? []) / floor,
        limit: { atMost: 4 },
      },
    ],
    peerWins: [],
    notMeasured: [
      'The network: on one machine a trip costs 0.1 ms, between zones ten times that. A round takes four: begin, read, publish, push.',
      'The Realtime and the Data API of Supabase: the local gateway and Data API stand in for them. A broadcast of the real server takes 0.5 ms, its postgres_changes 246 ms in the median.',
    ],
  };
}

function describeFloors(floors: readonly Floor[]): Section {
  return {
    title: 'The floor of freshness',
    about: [
      'Each part alone, between two connections of one process, with the same pauses: what no cache can be faster than that hears of changes from this database and tells its instances by this Redis.',
    ],
    table: {
      columns: [{ title: 'part' }, { title: 'p50', unit: 'ms' }, { title: 'p99', unit: 'ms' }],
      rows: floors.map(({ name, delaysMs }) => [name, median(delaysMs), quantile(delaysMs, 0.99)]),
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: ['What a NOTIFY costs other writers: it takes one lock for all commits of the server.'],
  };
}
