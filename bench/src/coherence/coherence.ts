// Coherence: what contestants do when an invalidation is lost, and when a load ends after the invalidation of what it read.
// Counted, not timed, so that all of them run side by side. Owns the lengths and what is shown.
import path from 'node:path';
import { applyMigrations, startPostgres, startRedis } from '@tidemark/devstack';
import { createEngine, postgresJournal } from '@tidemark/engine';
import type { Findings, Measurement, RunOptions, Section } from '../measurement.ts';
import { median } from '../contest/statistics.ts';
import { numberText } from '../report/number-text.ts';
import { versionsOf } from '../peers/peers.ts';
import { ttlMs } from './cached-rows.ts';
import { type Contestant, contestants } from './contestants.ts';
import { countText, type Outcome } from './outcome.ts';
import { Pair } from './pair.ts';
import { endLoadLate, type LateLoad, type Lengths, loseMessage, type LostMessage } from './scenes.ts';
import { createItems } from './source.ts';

const migrations = path.join(import.meta.dirname, '../../../supabase/migrations');

/** Of Tidemark, its default: the cut is longer, so that nothing is fresh in time because of its end. */
const boundMs = 2_000;

interface Size extends Lengths {
  readonly repetitions: number;
}

const sizes: Record<'full' | 'quick', Size> = {
  full: { repetitions: 5, cutMs: 3_000, windowMs: 6_000, delayMs: 300 },
  quick: { repetitions: 1, cutMs: 50, windowMs: 200, delayMs: 50 },
};

interface Seen {
  readonly contestant: Contestant;
  readonly lost: readonly LostMessage[];
  readonly late: readonly LateLoad[];
}

export const coherence: Measurement = {
  name: 'coherence',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    const size = sizes[isQuick ? 'quick' : 'full'];
    await using redis = await startRedis();
    await using postgres = await startPostgres();
    const databaseUrl = postgres.url;
    await applyMigrations({ databaseUrl, folder: migrations });
    await createItems(postgres);
    const journal = postgresJournal({ connectionString: databaseUrl });
    await using engine = createEngine({ journal, roundEvery: '100ms' });
    engine.start({ redis: redis.url, keyPrefix: 'tidemark' });
    await using pairs = new AsyncDisposableStack();
    const scenes: { readonly contestant: Contestant; readonly pair: Pair }[] = [];
    for (const contestant of contestants) {
      tell(contestant.label);
      const { adapter } = contestant;
      scenes.push({
        contestant,
        pair: pairs.use(await Pair.open({ adapter, databaseUrl, redisUrl: redis.url })),
      });
    }
    tell(`${size.repetitions} late loads and ${size.repetitions} cuts, of all side by side`);
    const seen = await Promise.all(scenes.map((scene) => tryPair(scene, size)));
    return {
      sections: [describe(seen, size)],
      versions: await versionsOf(contestants.map(({ peer }) => peer)),
    };
  },
};

async function tryPair(
  { contestant, pair }: { readonly contestant: Contestant; readonly pair: Pair },
  size: Size,
): Promise<Seen> {
  const late: LateLoad[] = [];
  const lost: LostMessage[] = [];
  for (let at = 0; at < size.repetitions; at += 1) {
    late.push(await endLoadLate(pair, `${contestant.adapter}-late-${at}`, size));
  }
  for (let at = 0; at < size.repetitions; at += 1) {
    lost.push(await loseMessage(pair, `${contestant.adapter}-lost-${at}`, size));
  }
  return { contestant, lost, late };
}

function describe(seen: readonly Seen[], { repetitions, cutMs, windowMs, delayMs }: Size): Section {
  const own = seen.filter(({ contestant }) => contestant.peer === 'tidemark');
  const staleCount = (outcomes: readonly Outcome[]): number =>
    outcomes.filter((outcome) => outcome !== 'fresh').length;
  const ownLost = own.flatMap(({ lost }) => lost);
  const ownLate = own.flatMap(({ late }) => late);
  return {
    title: 'Coherence: a lost message, a late load',
    about: [
      `Counted, not timed: two instances of each contestant, each in a process of its own, over one Redis and one table of a real PostgreSQL. One writes through its own library, whose guide says how it invalidates; the other reads every 10 ms. All entries have a TTL of ${ttlMs / 60_000} minutes, and the reads of one key go on for about ${seconds(cutMs + windowMs)}: what is stale to its end stays so until the TTL, or the next change of the same key.`,
      `*A lost message*, ${repetitions} times. The reader holds the row. A proxy resets the connection on which it hears of changes (of Tidemark and node-redis, which hear and ask over the same ones: all), and refuses new ones for ${seconds(cutMs)}; the row is written meanwhile. It goes on reading, which Tidemark may answer from its L1 for its bound, ${seconds(boundMs)} by default; the window of ${seconds(windowMs)} begins when it is connected again. A read that takes more than 1 s counts as one without an answer.`,
      `*A late load*, ${repetitions} times. The reader has read the row from the source and not yet stored it, when the other one writes the row and invalidates it; ${delayMs} ms later the load ends. Then both read for ${seconds(windowMs)}: the reader has what it stored in its L1, the writer finds what is in Redis.`,
      'Counted is in how many windows nothing but the old value was read, from their first read to their last. *Ended*: the process of the reader ended with its connection.',
    ],
    table: {
      columns: [
        { title: 'contestant' },
        { title: 'hears of changes by' },
        { title: 'stale after a cut' },
        { title: 'last stale read', unit: 's' },
        { title: 'no answer while cut', unit: '%' },
        { title: 'after a late load' },
        { title: 'and elsewhere' },
      ],
      rows: seen.map(({ contestant, lost, late }) => [
        contestant.label,
        contestant.hears,
        countText(lost.map(({ outcome }) => outcome)),
        longestMs(lost) / 1_000,
        unansweredPercent(lost),
        countText(late.map((one) => one.own)),
        countText(late.map((one) => one.shared)),
      ]),
    },
    plots: [],
    targets: [
      {
        what: 'windows after a cut to whose end Tidemark was stale',
        unit: '',
        measured: staleCount(ownLost.map(({ outcome }) => outcome)),
        limit: { atMost: 0 },
      },
      {
        what: 'how long beyond the bound Tidemark was stale after a cut',
        unit: 'ms',
        measured: Math.max(0, longestMs(ownLost) - boundMs),
        limit: { atMost: 0 },
      },
      {
        what: 'windows after a late load to whose end Tidemark was stale',
        unit: '',
        measured: staleCount(ownLate.flatMap((one) => [one.own, one.shared])),
        limit: { atMost: 0 },
      },
    ],
    peerWins: winsOf(seen),
    notMeasured: [
      'How often either happens by chance. That depends on the network, on how long a load takes and on how often rows change.',
      'A write past the library, by SQL: of all of these Tidemark alone hears of it.',
    ],
  };
}

function longestMs(lost: readonly LostMessage[]): number {
  return Math.max(...lost.map(({ staleMs }) => staleMs));
}

function unansweredPercent(lost: readonly LostMessage[]): number | null {
  const shares = lost.flatMap(({ unanswered }) => unanswered ?? []);
  return shares.length === 0 ? null : Math.round(100 * median(shares));
}

/** Who was never stale after a cut, as Tidemark is within its bound; and at what price. */
function winsOf(seen: readonly Seen[]): readonly string[] {
  const own = seen.filter(({ contestant }) => contestant.peer === 'tidemark');
  const ownSeconds = numberText(longestMs(own.flatMap(({ lost }) => lost)) / 1_000);
  return seen
    .filter(({ lost }) => lost.every(({ outcome }) => outcome === 'fresh') && longestMs(lost) === 0)
    .map(({ contestant, lost }) => {
      const percent = unansweredPercent(lost);
      const price =
        percent === null
          ? 'There was nothing to cut: each of its reads asks Redis.'
          : `It drops what it holds, and ${percent} % of its reads had no answer during the cut.`;
      return `${contestant.label}, after a cut: none of its reads was stale; those of Tidemark were for ${ownSeconds} s at most. ${price}`;
    });
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
