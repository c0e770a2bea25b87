// Every interleaving that fast-check can think of: readers, loads, commits, records, resets and own writes.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Actor, Interleaving, keys } from './testing/interleaving.ts';

const key = fc.constantFrom(...keys);

const read: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constant('read' as const),
  key,
  fresh: fc.boolean(),
});
const readMany: fc.Arbitrary<Actor> = fc.constant({ kind: 'read many' });
const change: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constant('change' as const),
  key,
  as: fc.constantFrom('key', 'table', 'reset'),
});
const write: fc.Arbitrary<Actor> = fc.record({
  kind: fc.constant('write' as const),
  key,
  fate: fc.constantFrom('commits', 'fails', 'unknown'),
});

function actors(...kinds: readonly fc.Arbitrary<Actor>[]): fc.Arbitrary<readonly Actor[]> {
  return fc.array(
    fc.oneof({ weight: 3, arbitrary: read }, ...kinds.map((arbitrary) => ({ weight: 1, arbitrary }))),
    {
      minLength: 2,
      maxLength: 12,
    },
  );
}

async function play(scheduler: fc.Scheduler, cast: readonly Actor[]): Promise<Interleaving> {
  const interleaving = new Interleaving(scheduler);
  await scheduler.waitFor(Promise.all(cast.map((actor) => interleaving.run(actor))));
  interleaving.check();
  return interleaving;
}

describe('in any order of events', () => {
  it('no read answers less than what was applied here when it began, and nothing older stays in L1 (R2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), actors(readMany, change), async (scheduler, cast) => {
        await play(scheduler, cast);
      }),
      { numRuns: 500 },
    );
  });

  it('no read answers less than an own write that was over when it began, whatever came of it (R3)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), actors(readMany, change, write), async (scheduler, cast) => {
        await play(scheduler, cast);
      }),
      { numRuns: 500 },
    );
  });

  it('readers of one key alone cost one load, however many there are (R5)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 50 }), async (scheduler, readers) => {
        const cast = Array.from({ length: readers }, (): Actor => ({ kind: 'read', key: 'a', fresh: false }));
        expect((await play(scheduler, cast)).loads).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});
