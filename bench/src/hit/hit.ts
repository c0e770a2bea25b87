// What a read costs that L1 answers: `peek` and an awaited `get`, beside the peers and beside lru-cache alone.
import { startRedis } from '@tidemark/devstack';
import { type ContestResult, runContest } from '../contest/contest.ts';
import type { Findings, Measurement, RunOptions, Section, Target } from '../measurement.ts';
import { type Reading, toEntrant, versionsOf } from '../peers/peers.ts';
import { barsOf, type Entry, tableOf } from '../report/contest-table.ts';

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

export const hit: Measurement = {
  name: 'hit',
  async run(options) {
    const sections: Section[] = [];
    for (const keys of options.isQuick ? [1_000] : [1_000, 100_000]) {
      sections.push(await measurePeek(keys, options));
    }
    sections.push(await measureGet(1_000, options));
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
    batchMs: isQuick ? 2 : 20,
    time: 'processorMs',
    warmUps: isQuick ? 1 : 10,
  });
}

async function measurePeek(keys: number, { isQuick, tell }: RunOptions): Promise<Section> {
  const count = keys.toLocaleString('en-US');
  const title = `A synchronous hit over ${count} keys`;
  tell(title);
  const result = await contestOf({ readings: peeks, keys }, isQuick);
  return {
    title,
    about: [],
    table: tableOf(entriesOf(peeks), result, { base: perHit, unit: ns }),
    plots: [{ kind: 'bars', title, unit: 'ns', bars: barsOf(entriesOf(peeks), result, { unit: ns }) }],
    targets: [
      {
        what: `a lone \`peek\` beside \`lru-cache.get\` with a clock read per hit, ${count} keys`,
        unit: '×',
        measured: result.ratio('region.peek', perHit),
        limit: { atMost: 1.3 },
      },
    ],
    peerWins: [],
    notMeasured: [],
  };
}

async function measureGet(keys: number, { isQuick, tell }: RunOptions): Promise<Section> {
  const title = 'An awaited hit';
  tell(title);
  await using redis = await startRedis();
  const result = await contestOf({ readings: gets, keys, redisUrl: redis.url }, isQuick);
  const peers = gets
    .filter(({ peer }) => peer !== 'tidemark' && peer !== 'lru-cache')
    .map(({ label }) => label);
  const best = result.best(peers);
  return {
    title,
    about: [],
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
        what: `an awaited \`get\` hit beside the best peer's (${best})`,
        unit: '×',
        measured: result.ratio('region.get', best),
        limit: { atMost: 1.2 },
      } satisfies Target,
    ],
    peerWins: [],
    notMeasured: [],
  };
}

function entriesOf(readings: readonly Reading[]): readonly Entry[] {
  return readings.map(({ label, peer }) => ({ label, isOwn: peer === 'tidemark' }));
}
