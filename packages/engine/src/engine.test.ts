// The engine in one process, with a target and a journal moved by hand: what happens around the rounds.
import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { type EngineHost, pruneLimit, type Watch } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type RunningEngine } from './engine.ts';
import type { FoundByRound, HintHost, HintSource } from './hints/hint-source.ts';
import type { EngineOptions } from './options.ts';
import { policies, policyWatch, ScriptedJournal, watched } from './testing/scripted-journal.ts';
import { ScriptedTarget } from './testing/scripted-target.ts';

const roundEveryMs = 100;
const pruneEveryMs = 10_000;

/** A bell in the hands of the test, which notes what it is told. */
class HandBell implements HintSource {
  host: HintHost | undefined;
  readonly followed: Watch[] = [];
  readonly expected: FoundByRound[] = [];
  isClosed = false;

  start(host: HintHost): void {
    this.host = host;
  }

  follow(watch: Watch): void {
    this.followed.push(watch);
  }

  expect(found: FoundByRound): void {
    this.expected.push(found);
  }

  status(): ReturnType<HintSource['status']> {
    return [{ name: 'hand', state: 'listening', heard: 0, silences: 0 }];
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

let clock: FakeClock;
let log: RecordedLog;
let journal: ScriptedJournal;
let target: ScriptedTarget;
let bell: HandBell;
let engine: RunningEngine;

beforeEach(() => {
  clock = new FakeClock();
  log = new RecordedLog();
  journal = new ScriptedJournal();
  target = new ScriptedTarget();
  bell = new HandBell();
  engine = make();
});

afterEach(() => engine.close());

function make(more: Partial<EngineOptions> = {}): RunningEngine {
  return createEngine({
    journal,
    hints: [bell],
    roundEvery: roundEveryMs,
    pruneEvery: pruneEveryMs,
    logger: log,
    clock,
    ...more,
  });
}

function host(): EngineHost {
  return { keyPrefix: 'copilot', localTarget: () => target };
}

async function started(): Promise<void> {
  engine.start(host());
  await settle();
}

function codeOf(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'no error';
}

describe('an engine', () => {
  test('does nothing before its start', async () => {
    await clock.advance(pruneEveryMs);
    expect(clock.pending).toBe(0);
    expect(bell.host).toBeUndefined();
    expect(engine.status()).toMatchObject({ namespaces: [], redis: 'not used' });
  });

  test('starts once, and not after it was closed', async () => {
    await started();
    expect(codeOf(() => engine.start(host()))).toBe('ENGINE_STARTED');
    const closed = make({ hints: [] });
    await closed.close();
    expect(codeOf(() => closed.start(host()))).toBe('ENGINE_STARTED');
  });

  test('needs a place to publish to', () => {
    expect(codeOf(() => engine.start({ keyPrefix: 'copilot' }))).toBe('ENGINE_WITHOUT_TARGET');
  });

  test('runs all namespaces in one loop where one process is all there is', async () => {
    journal.changeWatch(new Map([...policyWatch, ['a.conversations', watched('conversations')]]));
    await started();
    journal.commit('c1', 'a.conversations');
    await clock.advance(roundEveryMs);
    expect(engine.status().namespaces).toEqual([
      { namespace: 'main', loop: { kind: 'working' }, position: null },
    ]);
    expect(target.published.at(-1)?.changes).toEqual([{ table: 'a.conversations', keys: ['c1'] }]);
  });

  test('starts a round when the cache in its process rings', async () => {
    await started();
    engine.ring();
    await settle();
    expect(target.rounds).toBe(2);
  });

  test('shows what fails, and why', async () => {
    journal.failure = new Error('no such function');
    await started();
    expect(engine.status()).toEqual({
      namespaces: [
        { namespace: 'main', loop: { kind: 'failing', reason: 'no such function' }, position: null },
      ],
      hints: bell.status(),
      redis: 'not used',
      redisErrors: 0,
    });
  });
});

describe('hint sources', () => {
  test('start rounds, early ones with their follow-ups', async () => {
    await started();
    bell.host?.ring();
    await settle();
    expect(target.rounds).toBe(2);
    bell.host?.ring({ mayBeEarly: true });
    await clock.advance(3);
    expect(target.rounds).toBe(5);
  });

  test('are told the watch when it is read first, and each time it changes', async () => {
    await started();
    await clock.advance(roundEveryMs);
    const { length } = bell.followed;
    expect(bell.followed[0]).toBe(journal.watch);
    journal.changeWatch(new Map([['a.other', watched('main')]]));
    await clock.advance(roundEveryMs);
    expect(bell.followed.length).toBeGreaterThan(length);
    expect(bell.followed.at(-1)).toBe(journal.watch);
  });

  test('are expected to have announced what a round found, since the round before it began', async () => {
    await started();
    const firstMs = clock.monotonicMs();
    await clock.advance(roundEveryMs);
    expect(bell.expected).toEqual([]);
    journal.commit('t1');
    await clock.advance(roundEveryMs);
    expect(bell.expected).toEqual([{ sinceMs: firstMs + roundEveryMs, tables: [policies], changes: [] }]);
  });

  test('are told each change by its transaction, and when it was made, where the journal can tell', async () => {
    await started();
    await clock.advance(roundEveryMs);
    journal.commit('t1');
    journal.transactions = [{ table: policies, xid: '7', ageMs: 3 }];
    await clock.advance(roundEveryMs);
    expect(bell.expected[0]?.changes).toEqual([
      { table: policies, xid: '7', madeMs: clock.monotonicMs() - 3 },
    ]);
  });
});

describe('a prefix that an instance announces', () => {
  beforeEach(started);

  async function announce(table: string, prefix: string): Promise<void> {
    bell.host?.watchPrefix(table, prefix);
    await settle();
  }

  test('is added to the watch, and a round starts at once', async () => {
    const { rounds } = target;
    await announce(policies, 'copilot:new');
    expect(journal.added).toEqual([{ table: policies, prefix: 'copilot:new' }]);
    expect(target.rounds).toBe(rounds + 1);
  });

  test('is asked for once, however many instances announce it', async () => {
    for (let instance = 0; instance < 3; instance += 1) await announce(policies, 'copilot:new');
    expect(journal.added).toHaveLength(1);
  });

  test('is asked for again when the watch changed and it is not in it', async () => {
    await announce(policies, 'copilot:new');
    journal.changeWatch(policyWatch);
    await clock.advance(roundEveryMs);
    await announce(policies, 'copilot:new');
    expect(journal.added).toHaveLength(2);
  });

  test('is not asked for when the watch has it, or when nobody watches the table', async () => {
    await announce(policies, 'copilot:policy');
    await announce('a.unknown', 'copilot:new');
    expect(journal.added).toEqual([]);
  });

  test.each([
    'sessions',
    'copilot',
    'copilot:',
    'copilots:a',
    'copilot:tidemark',
    'copilot:tidemark:main',
    '',
  ])(
    'and is %j is not a region of this deployment: rounds would unlink what is not theirs (R4)',
    async (prefix) => {
      await announce(policies, prefix);
      expect(journal.added).toEqual([]);
    },
  );

  test('may begin like a name of Tidemark, as a region may', async () => {
    await announce(policies, 'copilot:tidemarks');
    expect(journal.added).toHaveLength(1);
  });

  test('that could not be added is told, and asked for when it is announced again', async () => {
    journal.failure = new Error('too many prefixes');
    await announce(policies, 'copilot:new');
    journal.failure = undefined;
    clock.jump(5_000);
    await announce(policies, 'copilot:new');
    expect(journal.added).toHaveLength(2);
    expect(log.lines.find(({ message }) => message.includes('prefix'))).toMatchObject({
      level: 'warn',
      fields: { table: policies, prefix: 'copilot:new', reason: 'Error: too many prefixes' },
    });
  });
});

describe('pruning', () => {
  test('happens once per period', async () => {
    await started();
    await clock.advance(pruneEveryMs - 1);
    expect(journal.prunes).toBe(0);
    await clock.advance(1);
    expect(journal.prunes).toBe(1);
    await clock.advance(3 * pruneEveryMs);
    expect(journal.prunes).toBe(4);
  });

  test('is left to the process that runs the rounds', async () => {
    target.isStandby = true;
    await started();
    await clock.advance(pruneEveryMs);
    expect(journal.prunes).toBe(0);
    target.isStandby = false;
    await clock.advance(pruneEveryMs);
    expect(journal.prunes).toBe(1);
  });

  test('goes on at once while it removes as much as it may, and rounds go on beside it', async () => {
    await started();
    const removed = [pruneLimit, pruneLimit, 7];
    journal.prune = async () => removed[journal.prunes++] ?? 0;
    await clock.advance(pruneEveryMs);
    expect(journal.prunes).toBe(3);
    const { rounds } = target;
    await clock.advance(roundEveryMs);
    expect(target.rounds).toBeGreaterThan(rounds);
    expect(journal.prunes).toBe(3);
  });

  test('ends after a million rows, and goes on in the next period', async () => {
    await started();
    journal.prune = async () => {
      journal.prunes += 1;
      return pruneLimit;
    };
    await clock.advance(pruneEveryMs);
    expect(journal.prunes).toBe(20);
    await clock.advance(pruneEveryMs);
    expect(journal.prunes).toBe(40);
  });

  test('ends with the engine, between two calls, and says nothing of the one that is cut off', async () => {
    await started();
    const calls: PromiseWithResolvers<number>[] = [];
    journal.prune = () => {
      calls.push(Promise.withResolvers<number>());
      return calls.at(-1)!.promise;
    };
    await clock.advance(2 * pruneEveryMs);
    expect(calls).toHaveLength(2);
    await engine.close();
    calls[0]?.resolve(pruneLimit);
    calls[1]?.reject(new Error('the connection was closed'));
    await settle();
    expect(calls).toHaveLength(2);
    expect(log.told('warn')).toEqual([]);
  });

  test('that fails is told and tried again', async () => {
    await started();
    journal.prune = async () => {
      journal.prunes += 1;
      throw new Error('no permission');
    };
    await clock.advance(2 * pruneEveryMs);
    expect(journal.prunes).toBe(2);
    expect(log.told('warn')).toEqual(['the journal could not be pruned', 'the journal could not be pruned']);
  });
});

describe('an engine that is closed', () => {
  test('closes all it was given, once, and leaves no timer', async () => {
    const bestEffort = new ScriptedJournal();
    engine = make({ bestEffort });
    await started();
    await clock.advance(30);
    await Promise.all([engine.close(), engine.close()]);
    await engine[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
    expect(bell.isClosed).toBe(true);
    expect([journal.closes, bestEffort.closes]).toEqual([1, 1]);
  });

  test('runs no round and no pruning any more', async () => {
    await started();
    await engine.close();
    const { rounds } = target;
    engine.ring();
    bell.host?.ring();
    await clock.advance(2 * pruneEveryMs);
    expect(target.rounds).toBe(rounds);
    expect(journal.prunes).toBe(0);
  });

  test('before its start closes its journal', async () => {
    await engine.close();
    expect(journal.closes).toBe(1);
  });
});
