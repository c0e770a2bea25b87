import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type RunningEngine } from './engine.ts';
import type { HintHost, HintSource } from './hints/hint-source.ts';
import type { EngineObserver, ObservedHint, ObservedRound } from './observer.ts';
import { policies, ScriptedJournal } from './testing/scripted-journal.ts';
import { ScriptedTarget } from './testing/scripted-target.ts';

const roundEveryMs = 100;

let clock: FakeClock;
let log: RecordedLog;
let journal: ScriptedJournal;
let target: ScriptedTarget;
let host: HintHost | undefined;
let engine: RunningEngine;
let rounds: ObservedRound[];
let announcements: ObservedHint[];

const bell: HintSource = {
  start: (to) => {
    host = to;
  },
  follow: () => {},
  expect: () => {},
  status: () => [],
  close: async () => {},
};

beforeEach(async () => {
  clock = new FakeClock();
  log = new RecordedLog();
  journal = new ScriptedJournal();
  target = new ScriptedTarget();
  rounds = [];
  announcements = [];
  await start({
    onRound: (round) => rounds.push(round),
    onHint: (announcement) => announcements.push(announcement),
  });
});

afterEach(() => engine.close());

async function start(observer: EngineObserver): Promise<void> {
  engine = createEngine({ journal, hints: [bell], roundEvery: roundEveryMs, logger: log, clock, observer });
  engine.start({ keyPrefix: 'copilot', localTarget: () => target });
  await settle();
}

describe('an observer', () => {
  test('is told each round with its steps, and what it published', async () => {
    journal.commit('t1');
    journal.transactions = [{ table: policies, xid: '7', ageMs: 3 }];
    await clock.advance(roundEveryMs);
    const atMs = clock.monotonicMs();
    expect(rounds).toHaveLength(2);
    expect(rounds[0]).toMatchObject({ namespace: 'main', outcome: 'published', changes: [] });
    expect(rounds[1]).toEqual({
      namespace: 'main',
      isGlance: false,
      outcome: 'published',
      startedMs: atMs,
      endedMs: atMs,
      steps: ['begin', 'read', 'publish'].map((name) => ({ name, startedMs: atMs, endedMs: atMs })),
      changes: [{ table: policies, keys: 1, publishedAfterMs: [3] }],
    });
  });

  test('is told why a round failed, and which step it was', async () => {
    journal.failure = new Error('no such function');
    await clock.advance(roundEveryMs);
    expect(rounds[1]).toMatchObject({ outcome: 'failed', reason: 'no such function' });
    expect(rounds[1]?.steps.map(({ name }) => name)).toEqual(['begin', 'read']);
  });

  test('is told that a round was refused, and nothing of one that stands by', async () => {
    target.isFenced = true;
    await clock.advance(roundEveryMs);
    expect(rounds[1]).toMatchObject({ outcome: 'refused' });
    target.isStandby = true;
    await clock.advance(10 * roundEveryMs);
    expect(rounds).toHaveLength(2);
  });

  test('is told what became of an announcement', () => {
    host?.settle?.('hand', { outcome: 'in time', delayMs: 2 });
    expect(announcements).toEqual([{ hint: 'hand', outcome: 'in time', delayMs: 2 }]);
  });

  test('that throws harms no round, and is told once', async () => {
    await engine.close();
    target = new ScriptedTarget();
    await start({
      onRound: () => {
        throw new Error('no disk');
      },
    });
    await clock.advance(5 * roundEveryMs);
    expect(target.published).toHaveLength(6);
    expect(log.told('error')).toEqual(['an observer of the engine failed']);
  });
});
