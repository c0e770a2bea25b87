// Guards of packages/engine, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const engine = 'packages/engine/src';

export const engineMutations: readonly Mutation[] = [
  {
    invariant: 'I15',
    file: `${engine}/round/round-loop.ts`,
    guard: 'since: begun.cursor?.snapshot ?? null,',
    instead: 'since: null,',
    test: {
      file: `${engine}/round/round-loop.test.ts`,
      name: 'read the journal from the cursor of the one before, after begin and before publish',
    },
  },
  {
    invariant: 'I18',
    file: `${engine}/publish/claim.ts`,
    guard: 'if (head !== undefined && head.position.generation > mine.generation) return startObserving;',
    test: {
      file: `${engine}/publish/claim.test.ts`,
      name: 'stands by before a later generation, and goes on from the memory otherwise (R2)',
    },
  },
  {
    invariant: 'I19',
    file: `${engine}/publish/redis-target.ts`,
    guard: "      this.#state = { kind: 'unsure', mine };\n",
    test: {
      file: `${engine}/publish/unknown-outcome.fault.test.ts`,
      name: 'publish: a new generation, linked to the one before, and the change is told once',
    },
  },
  {
    invariant: 'I20',
    file: `${engine}/publish/claim.ts`,
    guard: 'keptFloors: isSamePosition ? memory.head : null,',
    instead: 'keptFloors: isSamePosition ? memory.head : memory.head,',
    test: {
      file: `${engine}/publish/redis-loss.fault.test.ts`,
      name: 'goes on from its memory when Redis went back: no lost UNLINK lets an L2 value live',
    },
  },
  {
    invariant: 'I21',
    file: `${engine}/publish/next-record.ts`,
    guard: 'for (const [table, keys] of changes) if (keys === null) tableFloors.set(table, position);',
    test: {
      file: `${engine}/publish/next-record.test.ts`,
      name: 'that found a whole table raises the floor of this table to the record, and of no other',
    },
  },
];
