// What the freshness measurement says: its tables, its plot, its targets, and where the time goes. Pure.
import { median, quantile } from '../contest/statistics.ts';
import type { Cell, Section } from '../measurement.ts';
import type { HintPath, JournalPath } from './messages.ts';
import type { ChangeSample } from './sample-changes.ts';

export interface Way {
  readonly hint: HintPath;
  readonly journal: JournalPath;
  /** Other rows that are written meanwhile, a second. */
  readonly load: number;
}

export interface MeasuredWay extends Way {
  readonly samples: readonly ChangeSample[];
}

/** What the bare parts took, in milliseconds. */
export interface Floors {
  readonly notified: readonly number[];
  readonly decoded: readonly number[];
  readonly asked: readonly number[];
  readonly published: readonly number[];
  /** To the last of as many processes as there are instances. */
  readonly publishedToAll: readonly number[];
}

/** What any hint from the log and any push by Redis costs at least. NOTIFY is another way to the first of them. */
function floorMs({ decoded, published }: Floors): number {
  return median(decoded) + median(published);
}

export function nameOf({ hint, journal, load }: Way): string {
  return `${hint}, journal ${journal === 'rpc' ? 'over rpc' : 'direct'}${load === 0 ? '' : `, ${load} writes/s`}`;
}

const parts = ['hintMs', 'beginMs', 'readMs', 'publishMs'] as const;

function partMedian(samples: readonly ChangeSample[], part: (typeof parts)[number]): number | null {
  const times = samples.flatMap((sample) => sample[part] ?? []);
  return times.length === 0 ? null : median(times);
}

function totalsOf({ samples }: MeasuredWay): number[] {
  return samples.map(({ totalMs }) => totalMs);
}

/** The bare parts as rows of the table: each beside the stage that can't be faster. */
function floorRows(floors: Floors, instances: number): Cell[][] {
  const [decoded, asked, published, toAll] = [
    floors.decoded,
    floors.asked,
    floors.published,
    floors.publishedToAll,
  ].map((delays) => median(delays)) as [number, number, number, number];
  const floor = floorMs(floors);
  const readable = decoded + asked + toAll;
  return [
    ['floor: decoding, PUBLISH', floor, null, decoded, null, null, published, 1],
    [
      `with a bare query, and ${instances} processes`,
      readable,
      null,
      decoded,
      null,
      asked,
      toAll,
      readable / floor,
    ],
  ];
}

function ms(value: number | null): string {
  return `${(value ?? 0).toFixed(2)} ms`;
}

/** The split of one way in words, each stage beside its bare part. */
function whereItGoes(way: MeasuredWay, floors: Floors, instances: number): string {
  const [hint, begin, read, publish] = parts.map((part) => partMedian(way.samples, part));
  const gateway =
    way.hint === 'broadcast'
      ? ' (the local gateway sends it on over a WebSocket; the real server takes 0.5 ms)'
      : '';
  return `Where it goes, ${nameOf(way)}: ${ms(hint ?? null)} to the hint${gateway}, bare decoding takes ${ms(median(floors.decoded))}; ${ms(begin ?? null)} to the read; ${ms(read ?? null)} for the read, the smallest query takes ${ms(median(floors.asked))}; ${ms(publish ?? null)} to the last drop, a bare PUBLISH takes ${ms(median(floors.published))} to one connection and ${ms(median(floors.publishedToAll))} to the last of ${instances} processes.`;
}

export function describeWays(measured: readonly MeasuredWay[], floors: Floors, instances: number): Section {
  const floor = floorMs(floors);
  const besideFloor = (index: number): number => {
    const way = measured[index];
    return way === undefined ? Number.NaN : median(totalsOf(way)) / floor;
  };
  return {
    title: 'Freshness',
    about: [
      `From the commit, as PostgreSQL stamps it, to the moment at which the last of ${instances} instances has dropped the key. The rounds and each instance have a process of their own; all share a machine and its clock. One row is written at a time, after pauses of 20 to 84 ms: every process has gone to sleep before. At first 300 rows are written without pauses and not counted, for what runs for days is compiled.`,
      'Broadcasts and changes come through the local Realtime, in the process that writes. Direct hints and the timer are measured on a database without Realtime, whose triggers send nothing through it.',
      'The parts follow each other: commit to hint, hint to the start of the read that finds the change (and reads that looked too early), the read, and from its end to the drop (the publishing script, the push, the work of the instance). A hint is answered by a glance, which needs no begin and leaves the watch to the rounds; the timer starts whole rounds. Without a hint the first part is missing, and the second counts from the commit; so it is with `changes`, which come so late that a round of the timer is first.',
      `The floor is what the bare parts take (below): decoding a commit and one PUBLISH, ${floor.toFixed(2)} ms together. A decoded commit may not be visible yet, so that no cache may act on it alone: who reads before it publishes, and has ${instances} processes to tell on these cores, can't be faster than the second line.`,
      ...measured.slice(0, 2).map((way) => whereItGoes(way, floors, instances)),
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
      rows: [
        ...floorRows(floors, instances),
        ...measured.map((way) => {
          const total = totalsOf(way);
          const byPart = parts.map((part) => partMedian(way.samples, part));
          return [nameOf(way), median(total), quantile(total, 0.99), ...byPart, median(total) / floor];
        }),
      ],
    },
    plots: [
      {
        kind: 'bars',
        title: 'Commit to the drop in every instance, median and quarters',
        unit: 'ms',
        isLogarithmic: true,
        bars: [
          ...floorRows(floors, instances).map(([label, value]) => ({
            label: String(label),
            value: Number(value),
          })),
          ...measured.map((way) => {
            const total = totalsOf(way);
            const spread = [quantile(total, 0.25), quantile(total, 0.75)] as const;
            return { label: nameOf(way), value: median(total), spread, isOwn: true };
          }),
        ],
      },
    ],
    targets: [
      {
        what: 'median of broadcasts with the journal read directly, beside the floor',
        unit: '×',
        measured: besideFloor(0),
        limit: { atMost: 4 },
      },
      {
        what: 'median of direct hints with the journal read directly, beside the floor',
        unit: '×',
        measured: besideFloor(1),
        limit: { atMost: 4 },
      },
    ],
    peerWins: [],
    notMeasured: [
      'The network: on one machine a trip costs 0.1 ms, between zones ten times that. A glance takes three: read, publish, push.',
      'The Realtime and the Data API of Supabase: the local gateway and Data API stand in for them. A broadcast of the real server takes 0.5 ms in the median. Its postgres_changes takes 246 ms, because it looks every 500 ms, and the local one does, too. The local Data API is a program for development: what a read over rpc costs here is mostly its own.',
    ],
  };
}

export function describeFloors(floors: Floors): Section {
  const rows: readonly (readonly [name: string, delaysMs: readonly number[]])[] = [
    ['commit to NOTIFY heard', floors.notified],
    ['commit to pgoutput heard', floors.decoded],
    ['query asked to answer', floors.asked],
    ['PUBLISH sent to message heard', floors.published],
    ['PUBLISH sent to the last process', floors.publishedToAll],
  ];
  return {
    title: 'The floor of freshness',
    about: [
      'Each part alone, with the same pauses, and but for the last between connections of one process: what no cache can be faster than that hears of changes from this database and tells its instances by this Redis.',
    ],
    table: {
      columns: [{ title: 'part' }, { title: 'p50', unit: 'ms' }, { title: 'p99', unit: 'ms' }],
      rows: rows.map(([name, delaysMs]) => [name, median(delaysMs), quantile(delaysMs, 0.99)]),
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: ['What a NOTIFY costs other writers: it takes one lock for all commits of the server.'],
  };
}
