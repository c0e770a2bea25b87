// What a read costs that L1 can't answer: from L2, one after the other and a hundred at a time, and from the source.
// Beside bare ioredis doing the very same commands, and beside the peers over the same Redis.
import { startRedis } from '@tidemark/devstack';
import { runContest } from '../contest/contest.ts';
import type { Measurement, RunOptions, Section } from '../measurement.ts';
import { type Peer, type Reading, toEntrant, versionsOf } from '../peers/peers.ts';
import { type Job, together } from '../peers/read-job.ts';
import { barsOf, tableOf, winsOf } from '../report/contest-table.ts';

const bare = 'bare ioredis';
const piped = 'bare ioredis, pipelined';

/** Each of them has a reader over Redis; cache-manager and cacheable share theirs. */
const peers: readonly Peer[] = [
  'layered-loader',
  'bentocache',
  'cacheable',
  'cache-manager',
  'async-cache-dedupe',
];

interface Scene {
  readonly title: string;
  readonly job: Job;
  readonly about: readonly string[];
  /** What Tidemark is held against. */
  readonly base: string;
  readonly peers: readonly Peer[];
  readonly what: string;
  /** Where the rest goes. */
  readonly causes: readonly string[];
}

const perValue =
  'A value is frozen, which takes half as long as it took to parse it, and proved, which takes a tenth of that.';
const perRead =
  'A read can be joined by others, has a deadline, and enters L1, where another entry leaves: promises, closures and map entries of about 7 µs of its thread, in no one place more than 1 µs.';

const scenes: readonly Scene[] = [
  {
    title: 'A miss that L2 answers',
    job: 'l2',
    base: bare,
    peers,
    what: 'an L2 hit beside bare ioredis doing the same MGET',
    causes: [perValue, perRead],
    about: [
      'One read after the other over 1,000 keys, which Redis has and L1, with room for ten, has not. Bare ioredis sends the same MGET of head and value, and takes what it finds; Tidemark proves it (generation, position, floors, the full key) and freezes it.',
    ],
  },
  {
    title: 'A hundred misses in one tick',
    job: 'l2-together',
    base: piped,
    peers,
    what: 'a hundred L2 hits in one tick beside bare ioredis with automatic pipelining',
    causes: [perValue, perRead],
    about: [
      'A hundred single reads are started in one tick, as requests on a busy server are, and awaited together; the figures are for one of them. Bare ioredis is there twice: with a write to the socket for each command, as it comes, and with its automatic pipelining.',
    ],
  },
  {
    title: 'A hundred keys in one call',
    job: 'l2-many',
    base: bare,
    peers: ['layered-loader'],
    what: '`getMany(100)` beside bare ioredis doing the same MGET',
    causes: [
      perValue,
      'Each key is a read of its own, which others may join, and an entry of L1: about 2 µs of the thread.',
    ],
    about: ['One call for a hundred keys, which Redis has and L1 has not; the figures are for one key.'],
  },
  {
    title: 'A cold miss',
    job: 'cold',
    base: bare,
    peers,
    what: 'a cold miss beside bare ioredis doing the same MGET and fill',
    causes: [
      perRead,
      'The load itself, without Redis: a flight, a deadline and a signal for the loader, an entry; 5.7 µs of the thread.',
      'The value is frozen, and goes through the fence in a command of its own, after the reader went on: where reads follow each other without a pause, the next one waits for it.',
    ],
    about: [
      'One read after the other of keys that nobody has. The source answers at once, so that what is measured is the look into Redis and what it takes to store the value. Tidemark answers its reader before the fill is confirmed.',
    ],
  },
];

/** What is true of all of them. */
const notMeasured: readonly string[] = [
  'A network: Redis is on the same machine, so that a round trip is about 25 µs. A millisecond of network hides all of these differences.',
  'What the peers leave out: none of them puts a deadline on Redis, proves a value from it, or fences what it stores.',
  'A slow source: it answers at once here.',
];

const us = { name: 'µs', inNs: 1_000 };

export const miss: Measurement = {
  name: 'miss',
  async run(options) {
    const sections: Section[] = [];
    for (const scene of scenes) {
      // Each peer is a process to start: quickly, one scene with all of them is enough.
      const isShort = options.isQuick && scene.job !== 'l2';
      sections.push(await measure(isShort ? { ...scene, peers: [] } : scene, options));
    }
    return { sections, versions: await versionsOf(['tidemark', 'ioredis', ...peers]) };
  },
};

function readingsOf({ job, peers }: Scene): readonly Reading[] {
  return [
    { label: 'Tidemark', peer: 'tidemark', job },
    { label: bare, peer: 'ioredis', job },
    { label: piped, peer: 'ioredis', job, extra: { isPipelined: true } },
    ...peers.map((peer): Reading => ({ label: peer, peer, job })),
  ];
}

async function measure(scene: Scene, { isQuick, tell }: RunOptions): Promise<Section> {
  const { title, about, base, what, causes, job } = scene;
  tell(title);
  await using redis = await startRedis();
  const setting = { keys: isQuick ? 200 : 1_000, l1Entries: 10, prefix: 'miss', redisUrl: redis.url };
  const readings = readingsOf(scene);
  const result = await runContest({
    entrants: readings.map((reading) => toEntrant(reading, setting)),
    rounds: isQuick ? 2 : 20,
    // Longer than it takes until the processor knows the code again, after all the others had their turns.
    batchMs: isQuick ? 12 : 200,
    time: 'elapsedMs',
    warmUps: isQuick ? 1 : 5,
    step: job === 'l2-together' || job === 'l2-many' ? together : 1,
  });
  const entries = readings.map(({ label, peer }) => ({ label, isOwn: peer === 'tidemark' }));
  return {
    title,
    about,
    table: tableOf(entries, result, { base, unit: us }),
    plots: [{ kind: 'bars', title, unit: 'µs', bars: barsOf(entries, result, { unit: us }) }],
    targets: [{ what, unit: '×', measured: result.ratio('Tidemark', base), limit: { atMost: 1.2 } }],
    causes,
    // Bare ioredis is no peer: it does no more than the commands.
    peerWins: winsOf(
      readings.filter(({ peer }) => peer !== 'ioredis'),
      result,
      'Tidemark',
    ),
    notMeasured,
  };
}
