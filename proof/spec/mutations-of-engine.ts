// Guards of packages/engine, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const engine = 'packages/engine/src';

export const engineMutations: readonly Mutation[] = [
  {
    keeps: 'I15',
    file: `${engine}/round/round-loop.ts`,
    guard: 'since: begun.cursor?.snapshot ?? null,',
    instead: 'since: null,',
    test: {
      file: `${engine}/round/round-loop.test.ts`,
      name: 'read the journal from the cursor of the one before, after begin and before publish',
    },
  },
  {
    keeps: 'I18',
    file: `${engine}/publish/claim.ts`,
    guard: 'if (head !== undefined && head.position.generation > mine.generation) return startObserving;',
    test: {
      file: `${engine}/publish/claim.test.ts`,
      name: 'stands by before a later generation, and goes on from the memory otherwise (R2)',
    },
  },
  {
    keeps: 'I19',
    file: `${engine}/publish/redis-target.ts`,
    guard: "      this.#state = { kind: 'unsure', mine };\n",
    test: {
      file: `${engine}/publish/unknown-outcome.fault.test.ts`,
      name: 'publish: a new generation, linked to the one before, and the change is told once',
    },
  },
  {
    keeps: 'I20',
    file: `${engine}/publish/claim.ts`,
    guard: 'keptFloors: isSamePosition ? memory.head : null,',
    instead: 'keptFloors: isSamePosition ? memory.head : memory.head,',
    test: {
      file: `${engine}/publish/redis-loss.fault.test.ts`,
      name: 'goes on from its memory when Redis went back: no lost UNLINK lets an L2 value live',
    },
  },
  {
    keeps: 'I21',
    file: `${engine}/publish/next-record.ts`,
    guard: 'for (const [table, keys] of changes) if (keys === null) tableFloors.set(table, position);',
    test: {
      file: `${engine}/publish/next-record.test.ts`,
      name: 'that found a whole table raises the floor of this table to the record, and of no other',
    },
  },
  {
    keeps: 'I15',
    file: `${engine}/round/round-loop.ts`,
    guard: 'if (this.#isRung) return;',
    test: {
      file: `${engine}/round/round-loop.test.ts`,
      name: 'during a round starts another one after it, because that one may have read too early (R6)',
    },
  },
  {
    keeps: 'I18',
    file: `${engine}/round/round-loop.ts`,
    guard: "if (this.#state.kind === 'standby') {",
    instead: "if (this.#state.kind === 'starting') {",
    test: {
      file: `${engine}/round/round-loop.test.ts`,
      name: 'looks no more often when somebody rings: patience is counted in periods',
    },
  },
  {
    keeps: 'I18',
    file: `${engine}/publish/redis-target.ts`,
    guard: '} else if (headText !== state.expectedHead) {',
    instead: "} else if (headText === '') {",
    test: {
      file: `${engine}/publish/redis-target.stack.test.ts`,
      name: 'is given up when the head has moved meanwhile',
    },
  },
  {
    keeps: 'I18',
    file: `${engine}/publish/redis-target.ts`,
    guard: 'if (!isTaken) return this.#standBy();',
    test: {
      file: `${engine}/publish/redis-target.stack.test.ts`,
      name: 'that both claim an empty namespace, one gets it and the other one stands by',
    },
  },
  {
    keeps: 'I22',
    file: `${engine}/publish/redis-target.ts`,
    guard: 'if (read.isInRecovery) {',
    instead: 'if (read.isInRecovery === null) {',
    test: {
      file: `${engine}/publish/redis-target.stack.test.ts`,
      name: 'proves nothing: the round is refused and not done, and the working publisher goes on after it',
    },
  },
  {
    keeps: 'I22',
    file: `${engine}/publish/redis-target.ts`,
    guard: 'if (isContinuous(state.memory.cursor, read)) return',
    instead: 'if (read) return',
    test: {
      file: `${engine}/publish/redis-target.stack.test.ts`,
      name: 'while a publisher works: %s',
    },
  },
  {
    keeps: 'I22',
    file: `${engine}/publish/redis-target.ts`,
    guard: 'if (!isContinuous(state.memory.cursor, glance)) return null;',
    test: {
      file: `${engine}/publish/glances.stack.test.ts`,
      name: '%s: the glance publishes nothing',
    },
  },
  {
    keeps: 'I22',
    file: `${engine}/publish/redis-target.ts`,
    guard: 'if (claim.cursor === null || isContinuous(claim.cursor, read)) return claim;',
    instead: 'if (read) return claim;',
    test: {
      file: `${engine}/publish/redis-target.stack.test.ts`,
      name: 'while nobody works: %s',
    },
  },
  {
    keeps: 'I30',
    file: 'packages/protocol/src/wire/head.ts',
    guard: 'before.done === now.done',
    instead: 'before.begun === now.begun',
    test: {
      file: `${engine}/publish/claim.test.ts`,
      name: 'stands still: its publisher reaches Redis and not the journal, and is overtaken as it is now (R6)',
    },
  },
  {
    keeps: 'I30',
    file: `${engine}/publish/claim.ts`,
    guard: 'if (!isMine && !isLeft && leftHead !== undefined) return state;',
    test: { file: `${engine}/publish/claim.test.ts`, name: 'that $state and finds $sight' },
  },
  {
    keeps: 'I30',
    file: `${engine}/round/round-loop.ts`,
    guard: ' || nowMs < this.#nextLookMs',
    test: {
      file: `${engine}/round/round-loop.test.ts`,
      name: 'looks at once when it is told to, and again in six periods at the earliest: strangers can say it, too',
    },
  },
  {
    keeps: 'I30',
    file: `${engine}/round/round-loop.ts`,
    guard: "if (this.#state.kind === 'failing') {",
    instead: "if (this.#state.kind === 'starting') {",
    test: {
      file: `${engine}/round/round-loop-failing.test.ts`,
      name: 'begins once per period, however often somebody rings, and at once when it may be over (R6)',
    },
  },
  {
    keeps: 'I30',
    file: `${engine}/round/round-loop.ts`,
    guard: 'target.abandon?.();',
    instead: 'void target;',
    test: {
      file: `${engine}/round/round-loop-failing.test.ts`,
      name: 'in the journal twice in a row leaves the way free for whoever reads it, and once does not (R6)',
    },
  },
  {
    keeps: 'I30',
    file: `${engine}/publish/redis-target.ts`,
    guard: "this.#tellNamespaces(watchText ?? '');",
    instead: 'void watchText;',
    test: {
      file: `${engine}/engine.stack.test.ts`,
      name: 'the one that stands by knows every namespace, and takes each over at once when it is told to (R6)',
    },
  },
  {
    keeps: 'I31',
    file: `${engine}/publish/next-record.ts`,
    guard: 'head: { ...before, position, tableFloors },',
    instead: 'head: { ...before, position, tableFloors, done: before.begun },',
    test: {
      file: `${engine}/publish/next-record.test.ts`,
      name: 'adds its record, and says nothing of a round, be one begun or not (R1)',
    },
  },
  {
    keeps: 'I31',
    file: `${engine}/round/round-loop.ts`,
    guard: 'isCalled && !isDue ?',
    instead: 'isCalled ?',
    test: {
      file: `${engine}/round/glances.test.ts`,
      name: 'that rings when a round is due starts the round (R1)',
    },
  },
  {
    keeps: 'I31',
    file: `${engine}/round/round-loop.ts`,
    guard: ' && !this.#isRoundWanted',
    test: {
      file: `${engine}/round/glances.test.ts`,
      name: 'about the watch starts a round, because a glance does not look at it',
    },
  },
];
