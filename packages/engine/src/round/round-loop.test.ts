import { settle } from '@tidemark/devstack/fakes';
import { afterEach, describe, expect, test } from 'vitest';
import { closeLoops, roundEveryMs, type RoundScene, setUp, started } from '../testing/round-scene.ts';

afterEach(closeLoops);

describe('rounds', () => {
  test('begin at the start, and then once per period (R6)', async () => {
    const { clock, target } = await started();
    expect(target.steps).toEqual(['begin', 'publish']);
    await clock.advance(roundEveryMs - 1);
    expect(target.rounds).toBe(1);
    await clock.advance(1);
    expect(target.rounds).toBe(2);
    await clock.advance(10 * roundEveryMs);
    expect(target.rounds).toBe(12);
  });

  test('read the journal from the cursor of the one before, after begin and before publish', async () => {
    const { clock, journal, target, finished } = await started();
    journal.commit('t1');
    await clock.advance(roundEveryMs);
    expect(journal.reads.map(({ since }) => since)).toEqual([null, '0']);
    expect(target.published.at(-1)?.changes).toHaveLength(1);
    expect(finished.map(({ outcome }) => outcome.changed)).toEqual([0, 1]);
  });

  test('tell when they started, which is before begin', async () => {
    const { clock, finished, journal } = await started();
    const release = journal.hold();
    await clock.advance(roundEveryMs);
    const startedMs = clock.monotonicMs();
    await clock.advance(30);
    release();
    await settle();
    expect(finished.at(-1)?.startedMs).toBe(startedMs);
  });

  test('are counted from start to start: a slow one does not push the next one away', async () => {
    const { clock, journal, target } = await started();
    const release = journal.hold();
    await clock.advance(roundEveryMs + 60);
    release();
    await clock.advance(39);
    expect(target.rounds).toBe(2);
    await clock.advance(1);
    expect(target.rounds).toBe(3);
  });

  test('run one at a time, however long one takes and however often somebody rings', async () => {
    const { clock, loop, journal, target } = await started();
    const release = journal.hold();
    loop.ring();
    await settle();
    for (let bell = 0; bell < 5; bell += 1) loop.ring();
    await clock.advance(5 * roundEveryMs);
    expect(target.steps).toEqual(['begin', 'publish', 'begin']);
    release();
    await settle();
    expect(target.steps.slice(2)).toEqual(['begin', 'publish', 'begin', 'publish']);
  });

  test('follow each other at once while the target knows of more', async () => {
    const { clock, loop, target } = await started();
    target.wantsMore = 2;
    loop.ring();
    await settle();
    expect(target.rounds).toBe(4);
    await clock.advance(roundEveryMs - 1);
    expect(target.rounds).toBe(4);
  });

  test('start once, however often they are started', async () => {
    const { clock, loop, target } = await started();
    loop.start();
    await clock.advance(roundEveryMs);
    expect(target.rounds).toBe(2);
  });
});

describe('a bell', () => {
  test('starts a round at once', async () => {
    const { loop, target } = await started();
    loop.ring();
    await settle();
    expect(target.rounds).toBe(2);
  });

  test('during a round starts another one after it, because that one may have read too early (R6)', async () => {
    const { loop, journal, target } = await started();
    const release = journal.hold();
    loop.ring();
    await settle();
    journal.commit('t1');
    loop.ring();
    release();
    await settle();
    expect(target.rounds).toBe(3);
    expect(target.published.map(({ changes }) => changes.length)).toEqual([0, 0, 1]);
  });

  test('before the start is not lost, and does not start a second first round', async () => {
    const { loop, clock, target } = setUp();
    loop.ring();
    loop.start();
    await clock.advance(1);
    expect(target.rounds).toBe(1);
  });
});

describe('a bell that may be early', () => {
  test('is followed by rounds after ever longer pauses, until the timer takes over', async () => {
    const { clock, loop, target } = await started();
    const startMs = clock.monotonicMs();
    loop.ring({ mayBeEarly: true });
    await settle();
    const times: number[] = [];
    for (let ms = 0; ms < 63; ms += 1) {
      const before = target.rounds;
      await clock.advance(1);
      if (target.rounds > before) times.push(clock.monotonicMs() - startMs);
    }
    expect(times).toEqual([1, 3, 7, 15, 31, 63]);
    const before = target.rounds;
    await clock.advance(roundEveryMs - 1);
    expect(target.rounds).toBe(before);
    await clock.advance(1);
    expect(target.rounds).toBe(before + 1);
  });

  test('needs no further round once a round found something', async () => {
    const { clock, loop, journal, target } = await started();
    loop.ring({ mayBeEarly: true });
    await clock.advance(1);
    expect(target.rounds).toBe(3);
    journal.commit('t1');
    await clock.advance(2);
    expect(target.rounds).toBe(4);
    await clock.advance(roundEveryMs - 1);
    expect(target.rounds).toBe(4);
  });

  test('keeps its follow-ups when an ordinary bell rings between them', async () => {
    const { clock, loop, target } = await started();
    loop.ring({ mayBeEarly: true });
    await settle();
    loop.ring();
    await settle();
    expect(target.rounds).toBe(3);
    await clock.advance(2);
    expect(target.rounds).toBe(4);
  });

  test('during a round counts for the round after it', async () => {
    const { clock, loop, journal, target } = await started();
    const release = journal.hold();
    loop.ring();
    await settle();
    loop.ring({ mayBeEarly: true });
    release();
    await settle();
    expect(target.rounds).toBe(3);
    await clock.advance(1);
    expect(target.rounds).toBe(4);
  });
});

describe('standing by', () => {
  test('looks once per period and reads no journal', async () => {
    const { clock, loop, journal, target } = setUp();
    target.isStandby = true;
    loop.start();
    await clock.advance(3 * roundEveryMs);
    expect(loop.state).toEqual({ kind: 'standby' });
    expect(target.steps).toEqual(['begin', 'begin', 'begin', 'begin']);
    expect(journal.reads).toEqual([]);
  });

  test('looks no more often when somebody rings: patience is counted in periods', async () => {
    const { clock, loop, target } = setUp();
    target.isStandby = true;
    loop.start();
    await settle();
    for (let bell = 0; bell < 20; bell += 1) {
      loop.ring({ mayBeEarly: bell % 2 === 0 });
      await clock.advance(1);
    }
    expect(target.rounds).toBe(1);
    await clock.advance(roundEveryMs);
    expect(target.rounds).toBe(2);
  });

  test('looks at once when it is told to, and again in six periods at the earliest: strangers can say it, too', async () => {
    const { clock, loop, target } = setUp();
    target.isStandby = true;
    loop.start();
    await settle();
    expect(loop.look()).toBe(true);
    await settle();
    expect(target.rounds).toBe(2);
    expect(loop.look()).toBe(false);
    await clock.advance(6 * roundEveryMs - 1);
    expect(target.rounds).toBe(7);
    expect(loop.look()).toBe(false);
    await clock.advance(1);
    expect(target.rounds).toBe(8);
    expect(loop.look()).toBe(true);
    await settle();
    expect(target.rounds).toBe(9);
  });

  test('looks again at once when it is told to during a look', async () => {
    const { clock, loop, target } = setUp();
    target.isStandby = true;
    loop.start();
    await settle();
    await clock.advance(roundEveryMs - 1);
    const begin = target.begin.bind(target);
    target.begin = async () => {
      target.begin = begin;
      loop.look();
      return begin();
    };
    await clock.advance(1);
    expect(target.rounds).toBe(3);
  });

  test('is what a round that was fenced ends in', async () => {
    const { loop, clock, target, log } = await started();
    expect(loop.look()).toBe(false);
    target.isFenced = true;
    await clock.advance(roundEveryMs);
    expect(loop.state).toEqual({ kind: 'standby' });
    target.isFenced = false;
    await clock.advance(roundEveryMs);
    expect(loop.state).toEqual({ kind: 'working' });
    expect(log.told('info')).toEqual([
      'running the rounds',
      'another process runs the rounds, standing by',
      'running the rounds',
    ]);
  });
});

describe('after close', () => {
  const moments: Record<string, (scene: RoundScene) => Promise<void>> = {
    'while it waits': async ({ clock }) => clock.advance(30),
    'while it stands by': async ({ clock, target }) => {
      target.isStandby = true;
      await clock.advance(roundEveryMs);
    },
    'while it follows up on an early bell': async ({ clock, loop }) => {
      loop.ring({ mayBeEarly: true });
      await clock.advance(2);
    },
    'while it fails': async ({ clock, target }) => {
      target.failure = new Error('away');
      await clock.advance(roundEveryMs);
    },
    'right after a bell': async ({ loop }) => loop.ring(),
  };

  test.each(Object.entries(moments))('%s, there is neither a timer nor a round', async (_name, reach) => {
    const scene = await started();
    await reach(scene);
    await scene.loop.close();
    const { rounds } = scene.target;
    expect(scene.clock.pending).toBe(0);
    scene.loop.ring();
    scene.loop.start();
    await scene.clock.advance(10 * roundEveryMs);
    expect(scene.target.rounds).toBe(rounds);
    expect(scene.clock.pending).toBe(0);
  });

  test('while it reads, the read is aborted and that is no failure', async () => {
    const { loop, clock, log, target } = await started(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    expect(target.steps).toEqual(['begin']);
    await loop.close();
    expect(clock.pending).toBe(0);
    expect(log.told('warn')).toEqual([]);
  });

  test('while a round publishes, close waits for its end', async () => {
    const { loop, target, journal, clock } = await started();
    const release = journal.hold();
    loop.ring();
    await settle();
    let isClosed = false;
    const closed = loop.close().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    release();
    await closed;
    expect(target.steps).toEqual(['begin', 'publish', 'begin', 'publish']);
    expect(clock.pending).toBe(0);
  });

  test('before the start, it never starts', async () => {
    const { loop, target, clock } = setUp();
    await loop.close();
    loop.start();
    await clock.advance(roundEveryMs);
    expect(target.rounds).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
