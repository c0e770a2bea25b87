// Random histories of a listener: what it may never do, checked after each step, and what it must do once faults end.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListenerWorld } from '../testing/listener-world.ts';

type Step = readonly [name: string, run: (world: ListenerWorld) => void];

const which = fc.nat({ max: 7 });

function always(name: string, run: (world: ListenerWorld) => void): fc.Arbitrary<Step> {
  return fc.constant([name, run]);
}

function round(world: ListenerWorld): void {
  world.begin();
  world.readJournal();
  world.publish();
}

function readHead(world: ListenerWorld): void {
  world.ask('head');
  world.serve();
  world.receive();
}

const progress: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: always('commit', (world) => world.commit()) },
  { weight: 4, arbitrary: always('begin', (world) => world.begin()) },
  { weight: 4, arbitrary: always('read the journal', (world) => world.readJournal()) },
  { weight: 4, arbitrary: always('publish', (world) => world.publish()) },
  { weight: 3, arbitrary: always('a round', round) },
  { weight: 4, arbitrary: always('ask for the head', (world) => world.ask('head')) },
  { weight: 4, arbitrary: always('serve', (world) => world.serve()) },
  { weight: 6, arbitrary: always('receive', (world) => world.receive()) },
  { weight: 4, arbitrary: always('read the head', readHead) },
];

const bus: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: which.map((n): Step => [`deliver ${n}`, (world) => world.deliver(n)]) },
  { weight: 2, arbitrary: which.map((n): Step => [`double ${n}`, (world) => world.deliver(n, true)]) },
  { weight: 2, arbitrary: which.map((n): Step => [`drop ${n}`, (world) => world.drop(n)]) },
];

const faults: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 1, arbitrary: always('reconnect', (world) => world.reconnect()) },
  { weight: 1, arbitrary: always('take over, remembering', (world) => world.takeOver('memory')) },
  { weight: 1, arbitrary: always('take over from Redis', (world) => world.takeOver('Redis')) },
  { weight: 1, arbitrary: always('take over from nothing', (world) => world.takeOver('nothing')) },
  { weight: 1, arbitrary: which.map((n): Step => [`lose writes ${n}`, (world) => world.loseWrites(n)]) },
  { weight: 1, arbitrary: always('evict the log', (world) => world.evictLog()) },
];

function history(...steps: readonly fc.WeightedArbitrary<Step>[]): fc.Arbitrary<readonly Step[]> {
  return fc.array(fc.oneof(...steps), { maxLength: 80, size: 'max' });
}

const withFaults = history(...progress, ...bus, ...faults);

/** Most of what can go wrong with a tidemark needs a listener that follows and rounds that overlap its readings. */
const withoutFaults = history(...progress, ...bus);

/** A world in which the listener follows already. */
function following(): ListenerWorld {
  const world = new ListenerWorld();
  world.heal();
  return world;
}

function live(world: ListenerWorld, steps: readonly Step[]): void {
  for (const [, run] of steps) {
    run(world);
    world.check();
  }
}

describe('in a random history a listener', () => {
  it('never claims a commit that it has not applied, nor applies out of order, nor pairs over a reconnect (R1, R2)', () => {
    fc.assert(
      fc.property(withFaults, (steps) => live(new ListenerWorld(), steps)),
      { numRuns: 3_000 },
    );
  });

  it('claims no more than it has applied also while rounds, records and readings overlap in every way (R1)', () => {
    fc.assert(
      fc.property(withoutFaults, (steps) => live(following(), steps)),
      { numRuns: 6_000 },
    );
  });

  it('has a tidemark from after the last fault, within a few rounds and head reads (R6)', () => {
    fc.assert(
      fc.property(withFaults, (steps) => {
        const world = new ListenerWorld();
        live(world, steps);
        const healedMs = world.nowMs;
        world.heal();
        world.check();
        expect(world.tidemark?.monotonicMs).toBeGreaterThan(healedMs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps what it holds while records are only lost, doubled and reordered: a gap is replayed, not reset (R6)', () => {
    fc.assert(
      fc.property(withoutFaults, (steps) => {
        const world = following();
        const marks: number[] = [];
        for (const [, run] of steps) {
          run(world);
          world.check();
          marks.push(world.tidemark?.monotonicMs ?? -1);
        }
        expect(marks).toEqual(marks.toSorted((a, b) => a - b));
      }),
      { numRuns: 1_000 },
    );
  });
});
