import { FakeClock } from '@tidemark/devstack/fakes';
import { type Journal, type RoundTarget, sleep, type TableChange, type Watch } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine, type RunningEngine } from './engine.ts';
import type { HintHost, HintSource } from './hints/hint-source.ts';

/** Answers each read with the changes that were put in, once. */
class OneTableJournal implements Journal {
  readonly waiting: TableChange[] = [];
  readonly added: string[] = [];
  reads = 0;
  /** How long a read takes. */
  readMs = 0;
  readonly #watch: Watch;

  constructor(table: string, namespace: string) {
    this.#watch = new Map([[table, { namespace, prefixes: ['p:known'], problem: null }]]);
  }

  async read(): ReturnType<Journal['read']> {
    this.reads += 1;
    if (this.readMs > 0) await sleep(clock, this.readMs);
    return {
      cursor: { snapshot: '1:1:', server: 's', watchHash: 'h' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: this.waiting.splice(0),
      watch: this.#watch,
    };
  }

  nextGeneration(atLeast: number): Promise<number> {
    return Promise.resolve(atLeast + 1);
  }

  async invalidate(): Promise<void> {}

  async addPrefix(_table: string, prefix: string): Promise<void> {
    this.added.push(prefix);
  }

  prune(): Promise<number> {
    return Promise.resolve(0);
  }

  async close(): Promise<void> {}
}

const target: RoundTarget = {
  begin: () => Promise.resolve({ kind: 'begun', cursor: null, knownWatchHash: null }),
  publish: (read) => Promise.resolve({ isPublished: true, changed: read.changes.length, wantsMore: false }),
};

let clock: FakeClock;
let proved: OneTableJournal;
let bestEffort: OneTableJournal;
let expected: number[];
let host: HintHost | undefined;
/** What each target covers, in the order in which they were asked for. */
let covered: string[][];
let engine: RunningEngine;

beforeEach(async () => {
  clock = new FakeClock();
  proved = new OneTableJournal('public.policies', 'main');
  bestEffort = new OneTableJournal('public.flags', 'best-effort');
  expected = [];
  const hint: HintSource = {
    start: (to) => {
      host = to;
    },
    follow: () => {},
    expect: ({ sinceMs }) => expected.push(sinceMs),
    status: () => [],
    close: async () => {},
  };
  engine = createEngine({ journal: proved, bestEffort, hints: [hint], roundEvery: 100, clock });
  covered = [];
  engine.start({
    keyPrefix: 'p',
    localTarget: (covers) => {
      covered.push(['main', 'best-effort', 'another'].filter(covers));
      return target;
    },
  });
  await clock.advance(0);
});

afterEach(async () => {
  const closed = engine.close();
  await clock.advance(bestEffort.readMs);
  await closed;
});

describe('an engine with best-effort tables (#42)', () => {
  it('asks for a target per journal, and no namespace is covered by two (R1)', () => {
    expect(covered).toEqual([['main', 'another'], ['best-effort']]);
  });

  it('does not expect a hint source to have announced what only Realtime told', async () => {
    bestEffort.waiting.push({ table: 'public.flags', keys: ['a'] });
    await clock.advance(300);
    expect(bestEffort.waiting).toEqual([]);
    expect(expected).toEqual([]);
  });

  it('expects an announcement since the round before, of the same namespace', async () => {
    bestEffort.readMs = 130;
    await clock.advance(250);
    // Rounds began after 0, 100 and 200 ms; the next one finds the change, and one of the other namespace ends before it.
    const roundBeforeMs = clock.monotonicMs() - 50;
    proved.waiting.push({ table: 'public.policies', keys: ['a'] });
    await clock.advance(50);
    expect(expected).toEqual([roundBeforeMs]);
  });

  it('starts the rounds of a namespace alone when a hint names one of its tables, else all', async () => {
    const before = proved.reads;
    host?.ring({ table: 'public.policies' });
    await clock.advance(0);
    expect([proved.reads, bestEffort.reads]).toEqual([before + 1, before]);
    host?.ring({ table: 'public.unknown' });
    await clock.advance(0);
    expect([proved.reads, bestEffort.reads]).toEqual([before + 2, before + 1]);
  });

  it('passes a wish for a prefix to the journal that follows the table', async () => {
    host?.watchPrefix('public.flags', 'p:new');
    host?.watchPrefix('public.flags', 'p:known');
    host?.watchPrefix('public.unknown', 'p:new');
    await clock.advance(0);
    expect([proved.added, bestEffort.added]).toEqual([[], ['p:new']]);
  });
});
