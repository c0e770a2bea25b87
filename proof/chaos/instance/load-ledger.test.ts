// R5: one load per row, instance and epoch. The ledger must see a load too many, and allow those that are needed.
import type { Clock } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { LoadLedger } from './load-ledger.ts';

const boundMs = 1_000;

class Scene implements Clock {
  nowMs = 0;
  wallAheadMs = 0;
  hasLease = true;
  readonly ledger: LoadLedger = new LoadLedger({
    keyCount: 2,
    boundMs,
    keptMs: 50_000,
    clock: this,
    hasLease: () => this.hasLease,
  });

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs + this.wallAheadMs;
  }

  schedule(): never {
    throw new Error('the ledger needs no timer');
  }

  load(outcome: 'answered' | 'failed' = 'answered', isFresh = false): void {
    this.ledger.begin(0, this.ledger.ask([0], isFresh))(outcome);
  }

  get extraLoads(): number {
    return this.ledger.take().extraLoads;
  }
}

describe('a second load of one epoch (R5)', () => {
  it('is extra right after the first', () => {
    const scene = new Scene();
    scene.load();
    scene.load();
    expect(scene.ledger.take()).toEqual({ loads: 2, mostLoads: 2, extraLoads: 1 });
  });

  it('is extra while the first is under way and may be joined', () => {
    const scene = new Scene();
    scene.ledger.begin(0, scene.ledger.ask([0], false));
    scene.nowMs = boundMs / 2 - 1;
    scene.load();
    expect(scene.extraLoads).toBe(1);
  });

  it('is extra long after the bound while the lease is live', () => {
    const scene = new Scene();
    scene.load();
    scene.nowMs = 40_000;
    scene.load();
    expect(scene.extraLoads).toBe(1);
  });

  it('is allowed when something has overtaken the row in between', () => {
    const scene = new Scene();
    scene.load();
    scene.ledger.overtake([0]);
    scene.load();
    scene.ledger.overtake(null);
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is extra when another row was overtaken', () => {
    const scene = new Scene();
    scene.load();
    scene.ledger.overtake([1]);
    scene.load();
    expect(scene.extraLoads).toBe(1);
  });

  it('is allowed for a read that began before the row was overtaken and loaded after it', () => {
    const scene = new Scene();
    const early = scene.ledger.ask([0], false);
    scene.ledger.overtake([0]);
    scene.ledger.begin(0, early)('answered');
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed for a read that began before the first', () => {
    const scene = new Scene();
    const early = scene.ledger.ask([0], false);
    scene.load('answered', true);
    scene.ledger.begin(0, early)('answered');
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed when it was asked for with fresh: true', () => {
    const scene = new Scene();
    scene.load();
    scene.load('answered', true);
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed when the first failed', () => {
    const scene = new Scene();
    scene.load('failed');
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed when the first has been under way for half the bound', () => {
    const scene = new Scene();
    scene.ledger.begin(0, scene.ledger.ask([0], false));
    scene.nowMs = boundMs / 2;
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed without a lease once the first value has reached the bound, and not before', () => {
    const scene = new Scene();
    scene.hasLease = false;
    scene.load();
    scene.nowMs = boundMs - 1;
    scene.load();
    expect(scene.extraLoads).toBe(1);
    scene.nowMs += boundMs;
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed once the first value may have reached its TTL', () => {
    const scene = new Scene();
    scene.load();
    scene.nowMs = 50_000;
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });

  it('is allowed without a lease when the wall clock jumps make the first value look older than it is', () => {
    const scene = new Scene();
    scene.hasLease = false;
    const ask = scene.ledger.ask([0], false);
    scene.wallAheadMs = -700;
    scene.ledger.begin(0, ask)('answered');
    scene.wallAheadMs = 0;
    scene.nowMs = 400;
    scene.load();
    expect(scene.extraLoads).toBe(0);
  });
});
