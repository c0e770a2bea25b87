import { FakeClock } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { Tidemark } from './tidemark.ts';

interface Scene {
  readonly clock: FakeClock;
  readonly clocks: Clocks;
  readonly tidemark: Tidemark;
  readonly isWithin: (boundMs: number) => boolean;
}

function start(): Scene {
  const clock = new FakeClock();
  const clocks = new Clocks(clock);
  const tidemark = new Tidemark(clocks);
  return { clock, clocks, tidemark, isWithin: (boundMs) => tidemark.isWithin(boundMs) };
}

describe('a tidemark', () => {
  it('is within no bound before anything was proved (R1)', () => {
    const { tidemark, isWithin } = start();
    expect(isWithin(Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(tidemark.ageMs()).toBeUndefined();
  });

  it('is as old as the reading that proved it', async () => {
    const { clock, clocks, tidemark, isWithin } = start();
    const at = clocks.instant();
    await clock.advance(30);
    tidemark.advance(at);
    expect(tidemark.at).toBe(at);
    expect(tidemark.ageMs()).toBe(30);
    expect(isWithin(31)).toBe(true);
    expect(isWithin(30)).toBe(false);
  });

  it('never goes back: a proof that arrives late changes nothing (R1)', async () => {
    const { clock, clocks, tidemark } = start();
    const early = clocks.instant();
    await clock.advance(10);
    const late = clocks.instant();
    tidemark.advance(late);
    tidemark.advance(early);
    expect(tidemark.at).toBe(late);
  });

  it('is gone after a drop, until the next proof (R1)', () => {
    const { clocks, tidemark, isWithin } = start();
    tidemark.advance(clocks.instant());
    tidemark.drop();
    expect(isWithin(Number.MAX_SAFE_INTEGER)).toBe(false);
    tidemark.advance(clocks.instant());
    expect(isWithin(1)).toBe(true);
  });

  it('is too old after a suspend, although the monotonic clock stood still (R1)', async () => {
    const { clock, clocks, tidemark, isWithin } = start();
    tidemark.advance(clocks.instant());
    await clock.suspend(2_000);
    expect(isWithin(2_000)).toBe(false);
  });
});
