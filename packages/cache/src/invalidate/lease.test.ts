import { FakeClock } from '@tidemark/devstack/fakes';
import type { Watch, WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { Lease, type LeaseNeeds, type LeaseWatch } from './lease.ts';
import { Tidemark } from './tidemark.ts';

const boundMs = 2_000;

const needs: LeaseNeeds = { prefix: 'copilot:item', tables: ['public.item', 'public.price'] };

function watched(change: Partial<WatchedTable> = {}): WatchedTable {
  return { namespace: 'main', prefixes: ['copilot:other', 'copilot:item'], problem: null, ...change };
}

function watch(change: Partial<WatchedTable> = {}, roundEveryMs = 100): LeaseWatch {
  const tables: Watch = new Map([
    ['public.item', watched()],
    ['public.price', watched(change)],
  ]);
  return { tables, roundEveryMs };
}

interface Scene {
  readonly clock: FakeClock;
  readonly tidemark: Tidemark;
  readonly lease: Lease;
  readonly prove: () => void;
  readonly isLive: () => boolean;
}

function start(needsPrefix = true): Scene {
  const clock = new FakeClock();
  const clocks = new Clocks(clock);
  const tidemark = new Tidemark(clocks);
  const lease = new Lease(boundMs, tidemark, needsPrefix);
  return {
    clock,
    tidemark,
    lease,
    prove: () => tidemark.advance(clocks.instant()),
    isLive: () => lease.isLive(),
  };
}

describe('a lease', () => {
  it('lives for the bound from the tidemark, on both clocks (R1)', async () => {
    const { clock, lease, prove, isLive } = start();
    lease.judge(needs, watch());
    prove();
    await clock.advance(boundMs - 1);
    expect(isLive()).toBe(true);
    await clock.advance(1);
    expect(isLive()).toBe(false);
    prove();
    expect(isLive()).toBe(true);
    await clock.suspend(boundMs);
    expect(isLive()).toBe(false);
  });

  it('is none before the watch is known, however fresh the tidemark (R1)', () => {
    const { lease, prove, isLive } = start();
    prove();
    expect(isLive()).toBe(false);
    expect(lease.problem).toBe('the watch is not known yet');
  });

  it('is none without a tidemark, however good the watch (R1)', () => {
    const { lease, isLive } = start();
    lease.judge(needs, watch());
    expect(lease.problem).toBeNull();
    expect(isLive()).toBe(false);
  });

  it('ends when the watch becomes unknown, and comes back with it (R1)', () => {
    const { lease, prove, isLive } = start();
    lease.judge(needs, watch());
    prove();
    lease.judge(needs, undefined);
    expect(isLive()).toBe(false);
    lease.judge(needs, watch());
    expect(isLive()).toBe(true);
  });
});

describe('what keeps a region from a lease (R1)', () => {
  it.each<[string, LeaseNeeds, LeaseWatch | undefined, string]>([
    ['no table of its own', { ...needs, tables: [] }, watch(), 'the region names no table'],
    ['no watch', needs, undefined, 'the watch is not known yet'],
    [
      'one table that is not followed',
      { ...needs, tables: ['public.item', 'public.odd'] },
      watch(),
      "the journal does not follow the table public.odd in this namespace: run select tidemark.track('public.odd', '<key>')",
    ],
    [
      'a trigger that is disabled',
      needs,
      watch({ problem: 'trigger disabled: enable it' }),
      'trigger disabled: enable it',
    ],
    [
      'a prefix that the watch does not hold',
      needs,
      watch({ prefixes: ['copilot:other', 'copilot:item2'] }),
      'the watch of public.price does not hold the prefix copilot:item yet',
    ],
    [
      'rounds that are too rare for its bound',
      needs,
      watch({}, 501),
      'maxStaleness of 2000 ms needs rounds every 500 ms, they come every 501 ms: raise maxStaleness or lower roundEvery',
    ],
  ])('is %s', (_what, of, under, problem) => {
    const { lease, prove, isLive } = start();
    lease.judge(of, under);
    prove();
    expect(lease.problem).toBe(problem);
    expect(isLive()).toBe(false);
  });

  it('is not rounds that just fit: one round and two head reads in half the bound', () => {
    const { lease } = start();
    lease.judge(needs, watch({}, 500));
    expect(lease.problem).toBeNull();
  });

  it('is not its prefix where there are no L2 values', () => {
    const { lease } = start(false);
    lease.judge(needs, watch({ prefixes: [] }));
    expect(lease.problem).toBeNull();
  });

  it('is judged anew each time, both ways', () => {
    const { lease } = start();
    lease.judge(needs, watch({ problem: 'x' }));
    lease.judge(needs, watch());
    expect(lease.problem).toBeNull();
    lease.judge(needs, watch({ problem: 'x' }));
    expect(lease.problem).toBe('x');
  });
});

describe('best effort', () => {
  it('is said of a region as soon as one of its tables is fed by Realtime alone', () => {
    const { lease } = start();
    lease.judge(needs, watch({ isBestEffort: true }));
    expect(lease.isBestEffort).toBe(true);
    lease.judge(needs, watch());
    expect(lease.isBestEffort).toBe(false);
  });
});
