import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FoundChange, LossMeter, type Settled } from './loss-meter.ts';

const graceMs = 1_000;
const table = 'public.flags';

let meter: LossMeter;
let settled: Settled[];

beforeEach(() => {
  settled = [];
  meter = new LossMeter({ graceMs, onSettled: (one) => settled.push(one) });
  meter.start(0);
  meter.listen(0);
});

function change(xid: string, madeMs: number): FoundChange {
  return { table, xid, madeMs };
}

function outcomes(): string[] {
  return settled.map(({ outcome }) => outcome);
}

describe('a change is announced in time', () => {
  test('when it was heard before the round that found it, however long that took', () => {
    meter.hear({ table, xid: '7' }, 101);
    meter.find([change('7', 100)], 60_000);
    expect(settled).toEqual([{ outcome: 'in time', delayMs: 1 }]);
  });

  test('when it is heard after the round, within the grace since its commit', () => {
    meter.find([change('7', 100)], 150);
    expect(settled).toEqual([]);
    meter.hear({ table, xid: '7' }, 1_100);
    expect(settled).toEqual([{ outcome: 'in time', delayMs: 1_000 }]);
  });

  test('when it is heard before the server shows it: nothing is announced before it happens', () => {
    meter.hear({ table, xid: '7' }, 95);
    meter.find([change('7', 100)], 150);
    expect(settled).toEqual([{ outcome: 'in time', delayMs: 0 }]);
  });

  test('once, however many of its statements are announced', () => {
    meter.hear({ table, xid: '7' }, 101);
    meter.hear({ table, xid: '7' }, 102);
    meter.find([change('7', 100)], 150);
    meter.hear({ table, xid: '7' }, 160);
    expect(settled).toEqual([{ outcome: 'in time', delayMs: 1 }]);
  });

  test('by an announcement without a name, for all that wait and for what is found right after it', () => {
    meter.find([change('7', 100), change('8', 120)], 150);
    meter.hear(null, 200);
    meter.find([change('9', 190)], 210);
    expect(settled.map(({ delayMs }) => delayMs)).toEqual([100, 80, 10]);
    meter.find([change('10', 1_000)], 1_010);
    expect(settled).toHaveLength(3);
  });
});

describe('a change is not announced', () => {
  test('in time when its announcement comes after the grace: late', () => {
    meter.find([change('7', 100)], 150);
    meter.hear({ table, xid: '7' }, 1_101);
    expect(settled).toEqual([{ outcome: 'late', delayMs: 1_001 }]);
  });

  test('by another transaction, nor by another table of its own', () => {
    meter.find([change('7', 100)], 150);
    meter.hear({ table, xid: '8' }, 200);
    meter.hear({ table: 'public.other', xid: '7' }, 200);
    expect(settled).toEqual([]);
  });

  test('ever, when ten graces have passed: nobody waits any more', () => {
    meter.find([change('7', 100)], 150);
    expect(meter.counts(10_100).never).toBe(0);
    expect(meter.counts(10_101)).toMatchObject({ never: 1, late: 0 });
    meter.hear({ table, xid: '7' }, 10_200);
    expect(outcomes()).toEqual(['never']);
  });

  test('ever, when its channel is given up', () => {
    meter.find([change('7', 100)], 150);
    meter.fail();
    expect(outcomes()).toEqual(['never']);
  });

  test('by a source that was away when it was made: that is no loss of its channel', () => {
    meter.fail();
    meter.find([change('7', 100)], 150);
    meter.listen(200);
    meter.find([change('8', 199), change('9', 200)], 250);
    expect(outcomes()).toEqual(['away', 'away']);
  });

  test('and not counted, when it was made before the source was started', () => {
    meter = new LossMeter({ graceMs, onSettled: (one) => settled.push(one) });
    meter.find([change('6', 400)], 450);
    meter.start(500);
    meter.listen(500);
    meter.find([change('7', 499)], 550);
    expect(meter.counts(60_000)).toMatchObject({ inTime: 0, never: 0, away: 0 });
  });
});

test('the delay that is told is the median of the last 256', () => {
  expect(meter.counts(0).medianDelayMs).toBeNull();
  for (let xid = 0; xid < 300; xid += 1) {
    meter.find([change(String(xid), 1_000)], 1_000);
    meter.hear({ table, xid: String(xid) }, xid < 44 ? 1_900 : 1_007);
  }
  expect(meter.counts(2_000).medianDelayMs).toBe(7);
});

describe('what is held is bounded', () => {
  test('announcements that no round found: of changes of a forgotten time nothing is claimed', () => {
    for (let xid = 0; xid < 10_001; xid += 1) meter.hear({ table, xid: String(xid) }, 100 + xid);
    meter.find([change('0', 99)], 10_200);
    expect(settled).toEqual([]);
    expect(meter.counts(60_000).never).toBe(0);
    meter.find([change('1', 99)], 60_000);
    expect(outcomes()).toEqual(['in time']);
  });

  test('changes that nobody announced: beyond ten thousand they are not counted', () => {
    meter.find(
      Array.from({ length: 10_005 }, (_, xid) => change(String(xid), 100)),
      150,
    );
    expect(meter.counts(20_000).never).toBe(10_000);
  });
});

test('whatever happens in whatever order, a change is counted once, and a loss only where none was announced', () => {
  const step = fc.record({
    kind: fc.constantFrom('find', 'hear', 'fail', 'listen'),
    xid: fc.integer({ min: 0, max: 5 }),
    afterMs: fc.integer({ min: 0, max: 4_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let nowMs = 0;
      const told: Settled[] = [];
      const found = new Set<number>();
      const heard = new Set<number>();
      const one = new LossMeter({ graceMs, onSettled: (settled) => told.push(settled) });
      one.start(0);
      one.listen(0);
      for (const { kind, xid, afterMs } of steps) {
        nowMs += afterMs;
        if (kind === 'fail') one.fail();
        else if (kind === 'listen') one.listen(nowMs);
        else if (kind === 'hear') {
          heard.add(xid);
          one.hear({ table, xid: String(xid) }, nowMs);
        } else if (!found.has(xid)) {
          found.add(xid);
          one.find([change(String(xid), Math.max(0, nowMs - 50))], nowMs);
        }
      }
      const { inTime, late, never, away } = one.counts(nowMs + 20_000);
      expect(inTime + late + never + away).toBe(found.size);
      expect(told).toHaveLength(found.size);
      expect(inTime + late).toBeLessThanOrEqual([...found].filter((xid) => heard.has(xid)).length);
    }),
  );
});
