// What a read costs that L1 answers: `peek` and an awaited `get`, beside the peers and beside lru-cache alone.
import { startRedis } from '@tidemark/devstack';
import { type ContestResult, runContest } from '../contest/contest.ts';
import type { Findings, Measurement, RunOptions, Section } from '../measurement.ts';
import { type Reading, toEntrant, versionsOf } from '../peers/peers.ts';
import { barsOf, type Entry, tableOf, winsOf } from '../report/contest-table.ts';

const ns = { name: 'ns', inNs: 1 };

const perHit = 'lru-cache, clock on every hit';

const peeks: readonly Reading[] = [
  { label: 'region.peek', peer: 'tidemark', job: 'peek' },
  { label: 'region.peek, no lease', peer: 'tidemark', job: 'peek', extra: { hasLease: false } },
  { label: perHit, peer: 'lru-cache', job: 'peek', extra: { ttlResolution: 0 } },
  { label: 'lru-cache, clock once per ms', peer: 'lru-cache', job: 'peek', extra: { ttlResolution: 1 } },
  { label: 'layered-loader', peer: 'layered-loader', job: 'peek' },
  { label: 'cacheable', peer: 'cacheable', job: 'peek' },
];

const gets: readonly Reading[] = [
  { label: 'region.get', peer: 'tidemark', job: 'get' },
  { label: 'lru-cache, awaited', peer: 'lru-cache', job: 'get', extra: { ttlResolution: 0 } },
  { label: 'layered-loader', peer: 'layered-loader', job: 'get' },
  { label: 'async-cache-dedupe', peer: 'async-cache-dedupe', job: 'get' },
  { label: 'bentocache', peer: 'bentocache', job: 'get' },
  { label: 'cacheable', peer: 'cacheable', job: 'get' },
  { label: 'cache-manager', peer: 'cache-manager', job: 'get' },
  { label: 'node-redis', peer: 'node-redis', job: 'get' },
];

const merged: readonly Reading[] = [
  { label: 'region.peek', peer: 'tidemark', job: 'peek' },
  { label: 'region.get', peer: 'tidemark', job: 'get' },
  { label: 'getConfig, merged of three', peer: 'tidemark-config', job: 'get' },
];

const manyKeys = [1_000, 100_000];
const fewKeys = 1_000;

export const hit: Measurement = {
  name: 'hit',
  async run(options) {
    const sections: Section[] = [];
    for (const keys of options.isQuick ? [fewKeys] : manyKeys)
      sections.push(await measurePeek(keys, options));
    sections.push(await measureGet(options), await measureConfig(options));
    const versions = await versionsOf([...peeks, ...gets].map(({ peer }) => peer));
    return { sections, versions } satisfies Findings;
  },
};

interface Contest {
  readonly readings: readonly Reading[];
  readonly keys: number;
  readonly redisUrl?: string;
}

async function contestOf({ readings, keys, redisUrl }: Contest, isQuick: boolean): Promise<ContestResult> {
  const setting = { keys, l1Entries: keys * 2, prefix: 'hit' };
  return runContest({
    entrants: readings.map((reading) => {
      const needsRedis = reading.peer === 'node-redis' && redisUrl !== undefined;
      return toEntrant(reading, needsRedis ? { ...setting, redisUrl } : setting);
    }),
    rounds: isQuick ? 3 : 40,
    // The system counts a thread's time by its ticks, of 4 ms on most machines: a shorter batch may take none at all.
    batchMs: isQuick ? 12 : 100,
    time: 'processorMs',
    warmUps: isQuick ? 1 : 10,
  });
}

const processPerReader =
  'Every reader runs in a process of its own, because two libraries in one share inline caches and the later one pays. The time is that of the thread on its processor: others at work on the machine are not in it.';

async function measurePeek(keys: number, { isQuick, tell }: RunOptions): Promise<Section> {
  const count = keys.toLocaleString('en-US');
  const title = `A synchronous hit over ${count} keys`;
  tell(title);
  const result = await contestOf({ readings: peeks, keys }, isQuick);
  return {
    title,
    about: [
      `\`peek\` of entries in L1, ${count} different keys in an order of their own. Tidemark reads the monotonic clock at every hit, because a process can be stopped between any two of them (R1); so does lru-cache with \`ttlResolution: 0\`. As it comes, lru-cache reads it once per millisecond.`,
      processPerReader,
    ],
    table: tableOf(entriesOf(peeks), result, { base: perHit, unit: ns }),
    plots: [
      {
        kind: 'bars',
        title,
        unit: 'ns',
        isLogarithmic: true,
        bars: barsOf(entriesOf(peeks), result, { unit: ns }),
      },
    ],
    targets: [
      {
        what: `a lone \`peek\` beside \`lru-cache.get\` with a clock read per hit, ${count} keys`,
        unit: '×',
        measured: result.ratio('region.peek', perHit),
        limit: { atMost: 1.3 },
      },
      {
        what: `a lone \`peek\` beside the best peer's synchronous hit, ${count} keys`,
        unit: '×',
        measured: result.ratio('region.peek', 'layered-loader'),
        limit: { atMost: 1 },
      },
    ],
    causes: [
      'The clock: a reading costs about what the rest of a `peek` does, and a peer that reads it once per millisecond saves it. The floor of a look-up with a reading is the row of lru-cache with a clock on every hit.',
    ],
    peerWins: winsOf(peeks, result, 'region.peek'),
    notMeasured: [
      'Keys that must be encoded first (tuples, and texts with `:` or `%`), except in the merged config below.',
      'Values that no peer hands out as they are: Tidemark freezes once, when it stores; bentocache and cacheable would clone or parse at each hit unless told otherwise, and are told otherwise.',
    ],
  };
}

async function measureGet({ isQuick, tell }: RunOptions): Promise<Section> {
  const title = 'An awaited hit';
  tell(title);
  await using redis = await startRedis();
  const result = await contestOf({ readings: gets, keys: fewKeys, redisUrl: redis.url }, isQuick);
  const peers = gets
    .filter(({ peer }) => peer !== 'tidemark' && peer !== 'lru-cache')
    .map(({ label }) => label);
  const best = result.best(peers);
  return {
    title,
    about: [
      'The same with `await`: what a read-through call costs when the value is here. lru-cache stands in an `async` function of three lines. node-redis keeps replies and parses them at each hit, and is the only one here that needs its Redis for that.',
      processPerReader,
    ],
    table: tableOf(entriesOf(gets), result, { base: best, unit: ns }),
    plots: [
      {
        kind: 'bars',
        title,
        unit: 'ns',
        isLogarithmic: true,
        bars: barsOf(entriesOf(gets), result, { unit: ns }),
      },
    ],
    targets: [
      {
        what: "an awaited `get` hit beside the best peer's",
        unit: '×',
        measured: result.ratio('region.get', best),
        limit: { atMost: 1.2 },
      },
    ],
    peerWins: winsOf(gets, result, 'region.get'),
    notMeasured: [
      'A single awaited hit in a turn of the event loop: the wall clock is then read for it alone, about as much again as the monotonic one.',
    ],
  };
}

async function measureConfig({ isQuick, tell }: RunOptions): Promise<Section> {
  const title = 'A merged config';
  tell(title);
  const result = await contestOf({ readings: merged, keys: fewKeys }, isQuick);
  return {
    title,
    about: [
      "`getConfig` of a user merges three rows: everybody's, the tenant's, the user's. Each is an entry of its own, so that a change of one is one invalidation; the result is remembered while the three are the same. The user's key is a tuple, which is encoded at each hit.",
    ],
    table: tableOf(entriesOf(merged), result, { base: 'region.peek', unit: ns }),
    plots: [],
    targets: [
      {
        what: 'an awaited, merged config beside a lone `peek`',
        unit: '×',
        measured: result.ratio('getConfig, merged of three', 'region.peek'),
        limit: { atMost: 4 },
      },
    ],
    causes: [
      'The `await` alone is the difference between `region.get` and `region.peek` above.',
      'Three readings of the clock, one for each row. One for all three gave nothing: the lists that it needs cost as much.',
      "The user's key is a new text at each hit, which is built and hashed: about 110 ns more than a look-up by a text that is there already.",
    ],
    peerWins: [],
    notMeasured: [],
  };
}

function entriesOf(readings: readonly Reading[]): readonly Entry[] {
  return readings.map(({ label, peer }) => ({ label, isOwn: peer.startsWith('tidemark') }));
}
