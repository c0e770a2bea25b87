// The no-Redis mode with two journals: an engine of its own runs the rounds of both in the process of the cache.
import { FakeClock } from '@tidemark/devstack/fakes';
import { createEngine } from '@tidemark/engine';
import { type Journal, type JournalRead, sleep, type Watch } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cache, createCache } from './cache.ts';
import type { Region } from './region.ts';

/** Nothing ever changes in its one table; a read tells what was there when it began. */
class QuietJournal implements Pick<Journal, 'read' | 'prune' | 'close'> {
  readonly #clock: FakeClock;
  readonly #readMs: number;
  readonly #watch: Watch;
  /** When the last read that has been answered began. */
  beganMs = Number.NEGATIVE_INFINITY;

  constructor(clock: FakeClock, readMs: number, watch: Watch) {
    this.#clock = clock;
    this.#readMs = readMs;
    this.#watch = watch;
  }

  async read(): Promise<JournalRead> {
    const beganMs = this.#clock.monotonicMs();
    await sleep(this.#clock, this.#readMs);
    this.beganMs = beganMs;
    const [table] = this.#watch.keys();
    return {
      cursor: { snapshot: '1:1:', server: `server of ${table}`, watchHash: `watch of ${table}` },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: [],
      watch: this.#watch,
    };
  }

  prune(): Promise<number> {
    return Promise.resolve(0);
  }

  async close(): Promise<void> {}
}

const policies = new Map([['public.policies', { namespace: 'main', prefixes: [], problem: null }]]);
const flags = new Map([
  ['public.flags', { namespace: 'best-effort', prefixes: [], problem: null, isBestEffort: true }],
]);

let clock: FakeClock;
let proved: QuietJournal;
let bestEffort: QuietJournal;
let cache: Cache;
let regions: Region<string>[];

beforeEach(() => {
  clock = new FakeClock();
  // Periods that drift against each other, so that rounds of the one begin and end at every moment of the other's.
  proved = new QuietJournal(clock, 170, policies);
  bestEffort = new QuietJournal(clock, 30, flags);
  const engine = createEngine({
    journal: proved as unknown as Journal,
    bestEffort: bestEffort as unknown as Journal,
    roundEvery: 100,
    clock,
  });
  cache = createCache({ engine, clock });
  const least = { ttl: '5m', load: async (key: string) => `value of ${key}` } as const;
  regions = [
    cache.region({ ...least, name: 'policy', table: 'public.policies' }),
    cache.region({ ...least, name: 'flag', table: 'public.flags', namespace: 'best-effort' }),
  ];
});

afterEach(async () => {
  const closed = cache.close();
  await clock.advance(1_000);
  await closed;
});

function claimedMs(namespace: string): number {
  const status = cache.status().namespaces.find((one) => one.namespace === namespace);
  return clock.monotonicMs() - (status?.tidemarkAgeMs ?? Number.POSITIVE_INFINITY);
}

describe('without Redis, with a journal and a best-effort one', () => {
  it('no tidemark is later than the read of its own journal that it stands on (R1)', async () => {
    for (let step = 0; step < 300; step += 1) {
      await clock.advance(10);
      expect(claimedMs('main'), `after ${step} steps`).toBeLessThanOrEqual(proved.beganMs);
      expect(claimedMs('best-effort'), `after ${step} steps`).toBeLessThanOrEqual(bestEffort.beganMs);
    }
    expect(claimedMs('main')).toBeGreaterThan(0);
  });

  it('both regions have their lease, and keep their entries from round to round', async () => {
    await clock.advance(500);
    expect(regions.map((region) => region.status().lease)).toEqual(['live', 'live']);
    expect(regions.map((region) => region.status().guarantee)).toEqual(['bounded', 'best effort']);
    await Promise.all(regions.map((region) => region.get('a')));
    await clock.advance(4_000);
    expect(regions.map((region) => region.peek('a'))).toEqual(['value of a', 'value of a']);
  });
});
