import { FakeClock, settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { Clocks } from './clocks.ts';

function start(): {
  readonly clock: FakeClock;
  readonly clocks: Clocks;
  readonly isWithin: (boundMs: number) => boolean;
} {
  const clock = new FakeClock();
  const clocks = new Clocks(clock);
  const began = clocks.instant();
  return { clock, clocks, isWithin: (boundMs) => clocks.isWithin(began, boundMs) };
}

describe('a bound in time', () => {
  it('holds until its last millisecond, and not in it (R1)', async () => {
    const { clock, isWithin } = start();
    await clock.advance(99);
    expect(isWithin(100)).toBe(true);
    await clock.advance(1);
    expect(isWithin(100)).toBe(false);
  });

  it('ends with a suspend in which the monotonic clock stood still (R1)', async () => {
    const { clock, isWithin } = start();
    await clock.suspend(100);
    expect(isWithin(100)).toBe(false);
  });

  it('ends when the process was stopped for that long, before any timer has fired (R1)', async () => {
    const { clock, isWithin } = start();
    await clock.stopAndContinue(100);
    expect(isWithin(100)).toBe(false);
  });

  it('is not made longer by a wall clock that is set back (R1)', async () => {
    const { clock, isWithin } = start();
    await clock.setWall(-3_600_000);
    await clock.advance(100);
    expect(isWithin(100)).toBe(false);
  });

  it('ends early when the wall clock is set forward: too short is safe', async () => {
    const { clock, isWithin } = start();
    await clock.setWall(100);
    expect(isWithin(100)).toBe(false);
  });
});

describe('the wall clock', () => {
  it('is read a few times in a turn of the event loop, however many hits there are and promises between them', async () => {
    const { clock, isWithin } = start();
    await settle();
    clock.wallReads = 0;
    for (let hit = 0; hit < 1_000; hit += 1) {
      isWithin(100);
      await Promise.resolve();
    }
    expect(clock.wallReads).toBeLessThan(10);
  });

  it('is read again in the next turn, however many hits were in this one (R1)', async () => {
    const { clock, isWithin } = start();
    for (const hits of [1, 1_000]) {
      for (let hit = 0; hit < hits; hit += 1) isWithin(100);
      await settle();
      clock.wallReads = 0;
      isWithin(100);
      expect(clock.wallReads).toBe(1);
    }
  });

  it('is read again in a turn that lasts: a reading serves for a millisecond (R1)', () => {
    const { clock, isWithin } = start();
    for (let hit = 0; hit < 1_000; hit += 1) isWithin(100);
    clock.jump(0.9);
    clock.wallReads = 0;
    isWithin(100);
    expect(clock.wallReads).toBe(0);
    clock.jump(0.1);
    isWithin(100);
    expect(clock.wallReads).toBe(1);
  });

  it('is not asked where the monotonic clock has decided already', async () => {
    const { clock, isWithin } = start();
    await clock.advance(100);
    clock.wallReads = 0;
    isWithin(100);
    expect(clock.wallReads).toBe(0);
  });

  it('is really read for the start of a promise, also in the middle of a turn', () => {
    const { clock, clocks, isWithin } = start();
    for (let hit = 0; hit < 1_000; hit += 1) isWithin(100);
    clock.wallReads = 0;
    clocks.instant();
    clocks.instant();
    expect(clock.wallReads).toBe(2);
  });
});
