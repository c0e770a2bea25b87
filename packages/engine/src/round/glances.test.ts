import { settle } from '@tidemark/devstack/fakes';
import { afterEach, describe, expect, test } from 'vitest';
import { closeLoops, roundEveryMs, type RoundScene, started } from '../testing/round-scene.ts';

afterEach(closeLoops);

/** After the first round, with a target that glances may go on from. */
async function glancing(): Promise<RoundScene> {
  const scene = await started();
  scene.target.takesGlances = true;
  scene.target.steps.length = 0;
  return scene;
}

describe('a bell', () => {
  test('starts a glance, which tells what changed and begins no round (R6)', async () => {
    const { loop, journal, target, finished } = await glancing();
    journal.commit('t1');
    loop.ring();
    await settle();
    expect(target.steps).toEqual(['tell']);
    expect(target.told.map(({ changes }) => changes.length)).toEqual([1]);
    expect(finished.at(-1)).toMatchObject({ isGlance: true, outcome: { changed: 1 } });
    expect(finished.at(-1)?.steps.map(({ name }) => name)).toEqual(['read', 'publish']);
  });

  test('puts the next round off by nothing: only a round proves (R1)', async () => {
    const { loop, clock, journal, target } = await glancing();
    for (let ms = 10; ms < roundEveryMs; ms += 10) {
      await clock.advance(10);
      journal.commit('t1');
      loop.ring();
      await settle();
    }
    expect(target.rounds).toBe(0);
    await clock.advance(roundEveryMs - (clock.monotonicMs() % roundEveryMs));
    expect(target.rounds).toBe(1);
  });

  test('that rings when a round is due starts the round (R1)', async () => {
    const { loop, clock, journal, target } = await glancing();
    const release = journal.hold();
    journal.commit('t1');
    loop.ring();
    await settle();
    await clock.advance(roundEveryMs);
    loop.ring();
    release();
    await settle();
    expect(target.steps).toEqual(['tell', 'begin', 'publish']);
  });

  test('about the watch starts a round, because a glance does not look at it', async () => {
    const { loop, journal, target } = await glancing();
    loop.ring();
    loop.ring({ needsRound: true });
    await settle();
    expect(journal.glances).toEqual([]);
    expect(target.steps).toEqual(['begin', 'publish']);
  });

  test('that may be early is followed by glances, until one has found something', async () => {
    const { loop, clock, journal, target } = await glancing();
    loop.ring({ mayBeEarly: true });
    await clock.advance(1);
    expect(journal.glances).toHaveLength(2);
    journal.commit('t1');
    await clock.advance(2);
    expect(target.told).toHaveLength(1);
    await clock.advance(50);
    expect(journal.glances).toHaveLength(3);
    expect(target.rounds).toBe(0);
  });
});

describe('a round follows at once', () => {
  test.each<[string, (scene: RoundScene) => void]>([
    ['where the target can not tell what a glance means', ({ target }) => (target.refusesGlances = true)],
    ['where the database has older migrations', ({ journal }) => (journal.glanceInstead = null)],
    ['after a glance that failed', ({ journal }) => (journal.glanceInstead = new Error('cut'))],
    ['where the target stands nowhere', ({ target }) => (target.takesGlances = false)],
  ])('%s', async (_where, hinder) => {
    const scene = await glancing();
    const { loop, journal, target } = scene;
    journal.commit('t1');
    hinder(scene);
    loop.ring();
    await settle();
    expect(target.rounds).toBe(1);
    expect(target.published.at(-1)?.changes).toHaveLength(1);
  });
});

describe('glances', () => {
  test('that tell something begin 2 ms apart: bells by the hundred become records of many changes', async () => {
    const { loop, clock, journal, target } = await glancing();
    const startMs = clock.monotonicMs();
    const times: number[] = [];
    for (let ms = 0; ms < 6; ms += 1) {
      const before = target.told.length;
      journal.commit(`t${ms}`);
      loop.ring();
      await settle();
      if (target.told.length > before) times.push(clock.monotonicMs() - startMs);
      await clock.advance(1);
      if (target.told.length > before && times.at(-1) !== clock.monotonicMs() - startMs - 1)
        times.push(clock.monotonicMs() - startMs);
    }
    expect(times).toEqual([0, 2, 4, 6]);
  });

  test('are given as long as a period: a round must not wait for them', async () => {
    const { loop, journal } = await glancing();
    loop.ring();
    await settle();
    expect(journal.glances).toEqual([{ since: journal.cursor, timeoutMs: roundEveryMs }]);
  });

  test('are not tried while rounds fail: what makes them fail is found out once per period', async () => {
    const { loop, clock, journal } = await glancing();
    journal.failure = new Error('cut');
    await clock.advance(roundEveryMs);
    expect(loop.state.kind).toBe('failing');
    for (let bell = 0; bell < 5; bell += 1) {
      loop.ring();
      await settle();
    }
    expect(journal.glances).toEqual([]);
  });

  test('that were under way when the loop was closed are the last thing it did', async () => {
    const { loop, journal, target } = await glancing();
    const release = journal.hold();
    target.refusesGlances = true;
    loop.ring();
    await settle();
    const closed = loop.close();
    release();
    await closed;
    expect(target.rounds).toBe(0);
  });
});
