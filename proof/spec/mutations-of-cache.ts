// Guards of packages/cache, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const cache = 'packages/cache/src';

export const cacheMutations: readonly Mutation[] = [
  {
    keeps: 'I1',
    file: `${cache}/invalidate/namespace.ts`,
    guard: "for (const region of this.#byTable.get(table) ?? []) region.overtake(keys, 'record');",
    test: { file: `${cache}/region-overtake.test.ts`, name: 'ends an entry: the next read loads (R2)' },
  },
  {
    keeps: 'I2',
    file: `${cache}/invalidate/listener-state.ts`,
    guard: "  if (comparePositions(record.previous, state.position) !== 0) return { kind: 'gap' };\n",
    test: { file: `${cache}/invalidate/listener-state.test.ts`, name: 'while %s: %s is %s (R2)' },
  },
  {
    keeps: 'I3',
    file: `${cache}/invalidate/listener-state.ts`,
    guard: 'head.done > reading.begun)',
    instead: 'head.done >= reading.begun)',
    test: {
      file: `${cache}/invalidate/listener-history.test.ts`,
      name: 'never claims a commit that it has not applied, nor applies out of order, nor pairs over a reconnect (R1, R2)',
    },
  },
  {
    keeps: 'I4',
    file: `${cache}/invalidate/listener.ts`,
    guard: "if (!Array.isArray(role) || role[0] !== 'master') {",
    instead: 'if (!Array.isArray(role)) {',
    test: {
      file: `${cache}/invalidate/listener.stack.test.ts`,
      name: 'follows the records, and gets no tidemark: what a replica says may be late (R1)',
    },
  },
  {
    keeps: 'I4',
    file: `${cache}/invalidate/listener-state.ts`,
    guard: "return state.kind === 'lost' ? state : { ...state, readings: [], awaited: [] };",
    instead: 'return state;',
    test: {
      file: `${cache}/invalidate/listener-state.test.ts`,
      name: 'keeps the position and discards what was read before it: readings never pair over it (R1)',
    },
  },
  {
    keeps: 'I4',
    file: `${cache}/invalidate/listener-state.ts`,
    guard: `  if (position.generation !== state.position.generation)
    return { state: adopt(position), tidemark: undefined };
`,
    test: {
      file: `${cache}/invalidate/listener-state.test.ts`,
      name: 'of another generation forgets every reading: rounds are counted anew (R1)',
    },
  },
  {
    keeps: 'I5',
    file: `${cache}/invalidate/tidemark.ts`,
    guard: 'if (at.monotonicMs > this.#at.monotonicMs) this.#at = at;',
    instead: 'this.#at = at;',
    test: {
      file: `${cache}/invalidate/tidemark.test.ts`,
      name: 'never goes back: a proof that arrives late changes nothing (R1)',
    },
  },
  {
    keeps: 'I5',
    file: `${cache}/invalidate/namespace.ts`,
    guard: 'this.tidemark.drop();',
    test: {
      file: `${cache}/invalidate/namespace.test.ts`,
      name: 'drops every region and the tidemark (R1, R2)',
    },
  },
  {
    keeps: 'I6',
    file: `${cache}/invalidate/lease.ts`,
    guard: 'if (this.#needsPrefix && !watched.prefixes.includes(prefix)) {',
    instead: "if (this.#needsPrefix && prefix === '') {",
    test: { file: `${cache}/invalidate/lease.test.ts`, name: 'is %s' },
  },
  {
    keeps: 'I7',
    file: `${cache}/read/read-path.ts`,
    guard: 'this.#keep(miss, await this.#parts.source.load(key, { encoded, begun, abandoned }), noted);',
    instead:
      'const late = await this.#parts.source.load(key, { encoded, begun, abandoned }); this.#keep(miss, late, this.#note());',
    test: {
      file: `${cache}/region.test.ts`,
      name: 'an entry lives for the bound from the start of its own load, not from its end (R1)',
    },
  },
  {
    keeps: 'I8',
    file: `${cache}/clocks.ts`,
    guard: 'return this.#wallMs < start.wallMs + boundMs;',
    instead: 'return true;',
    test: {
      file: `${cache}/clocks.test.ts`,
      name: 'ends with a suspend in which the monotonic clock stood still (R1)',
    },
  },
  {
    keeps: 'I8',
    file: `${cache}/clocks.ts`,
    guard: '    this.#wallReads = 0;\n',
    test: {
      file: `${cache}/clocks.test.ts`,
      name: 'is read again in the next turn, however many hits were in this one (R1)',
    },
  },
  {
    keeps: 'I8',
    file: `${cache}/clocks.ts`,
    guard: ' && this.#nowMs < this.#wallKnownUntilMs',
    test: {
      file: `${cache}/clocks.test.ts`,
      name: 'is read again in a turn that lasts: a reading serves for a millisecond (R1)',
    },
  },
  {
    keeps: 'I9',
    file: `${cache}/read/flight.ts`,
    guard: '    this.#isDetached = true;\n',
    test: {
      file: `${cache}/region-overtake.test.ts`,
      name: 'keeps a load that began before it from being stored (R2)',
    },
  },
  {
    keeps: 'I9',
    file: `${cache}/read/flight.ts`,
    guard: 'return this.#clocks.isWithin(flight.startedAt, this.#joinableMs) ? flight : undefined;',
    instead: 'return this.#clocks && flight;',
    test: {
      file: `${cache}/read/flight.test.ts`,
      name: 'until it is half the bound old, and not at that moment (R1)',
    },
  },
  {
    keeps: 'I11',
    file: `${cache}/read/l2.ts`,
    guard: 'if (head === undefined || !this.#isAtOrPast(head)) return found;',
    instead: 'if (head === undefined) return found;',
    test: { file: `${cache}/read/l2.stack.test.ts`, name: 'when %s (R1)' },
  },
  {
    keeps: 'I11',
    file: `${cache}/read/l2.ts`,
    guard: '!isAboveFloors(head, notedAt, tables) || ',
    test: { file: `${cache}/read/l2.stack.test.ts`, name: 'when %s, and that is counted (R1, R2)' },
  },
  {
    keeps: 'I13',
    file: `${cache}/region.ts`,
    guard: '    this.#dropOwn(keys);\n    cache.engine?.ring();',
    instead: '    cache.engine?.ring();',
    test: {
      file: `${cache}/region-overtake.test.ts`,
      name: 'drops what was loaded while it ran: that may be older than its commit (R3)',
    },
  },
  {
    keeps: 'I13',
    file: `${cache}/region.ts`,
    guard: 'else for (const key of keys) this.#hold.hold(key, now);',
    test: {
      file: `${cache}/read/l2.stack.test.ts`,
      name: 'removes the value in L2, and passes L2 over until a round has proved the write (R3)',
    },
  },
  {
    keeps: 'I14',
    file: `${cache}/invalidate/hold.ts`,
    guard: 'if (this.#heldSinceMs.size >= maxHeld) this.holdAll(now);',
    instead: 'if (this.#heldSinceMs.size >= maxHeld) return;',
    test: {
      file: `${cache}/invalidate/hold.test.ts`,
      name: 'is held when too many keys are: the map is bounded, and none of them is forgotten (R3)',
    },
  },
  {
    keeps: 'I25',
    file: `${cache}/invalidate/local-target.ts`,
    guard: 'namespace.tidemark.advance(this.#begunAt);',
    instead: 'namespace.tidemark.advance(this.#options.clocks.instant());',
    test: {
      file: `${cache}/invalidate/local-target.test.ts`,
      name: 'gives a lease whose tidemark is the moment before the journal was asked (R1)',
    },
  },
  {
    keeps: 'I25',
    file: `${cache}/invalidate/local-target.ts`,
    guard: 'else namespace.reset();',
    instead: 'else void namespace;',
    test: {
      file: `${cache}/invalidate/local-target.test.ts`,
      name: 'when %s: everything is dropped, loads under way too (R1, R2)',
    },
  },
  {
    keeps: 'I26',
    file: `${cache}/redis.ts`,
    guard: ' && this.#options.clock.monotonicMs() >= this.#brokenUntilMs',
    test: {
      file: `${cache}/redis-trouble.fault.test.ts`,
      name: 'a hit is a hit, a miss costs one deadline, the next nothing, until one probe (R4)',
    },
  },
  {
    keeps: 'I27',
    file: `${cache}/read/read-path.ts`,
    guard: 'if (shared !== undefined) return shared.wait(signal);',
    test: {
      file: `${cache}/region.test.ts`,
      name: 'costs one load for 50 concurrent readers, who all get its value (R5)',
    },
  },
  {
    keeps: 'I28',
    file: `${cache}/invalidate/listener.ts`,
    guard: 'if (outcome.isBehind || head.watchHash !== namespace.watchHash) this.#resync();',
    instead: 'if (outcome.isBehind) this.#resync();',
    test: {
      file: 'proof/model/model.test.ts',
      name: 'a watch that was evicted when an instance asked is learnt when it is back (R6)',
    },
  },
  {
    keeps: 'I29',
    file: `${cache}/invalidate/namespace.ts`,
    guard: "this.#byPrefix.get(prefix)?.overtake(keys, 'hint');",
    instead:
      "this.#byPrefix.get(prefix)?.overtake(keys, 'hint'); this.tidemark.advance({ monotonicMs: 1e15, wallMs: 1e15 });",
    test: {
      file: `${cache}/invalidate/namespace.test.ts`,
      name: 'reaches the region of its prefix only, and moves neither tidemark nor position (R1)',
    },
  },
  {
    keeps: 'I2',
    file: `${cache}/invalidate/listener.ts`,
    guard: "    if (replay.kind === 'broken') {\n      this.#adopt(reply);\n      return;\n    }\n",
    instead: "    if (replay.kind === 'broken') return;\n",
    test: {
      file: `${cache}/invalidate/listener.stack.test.ts`,
      name: 'starts anew when records that it missed are gone from the log (R2)',
    },
  },
  {
    keeps: 'I28',
    file: `${cache}/invalidate/listener.ts`,
    guard: 'return this.#behind >= headsBehind;',
    instead: 'return false;',
    test: {
      file: `${cache}/hostile.stack.test.ts`,
      name: 'no read fails, and the working engine and all instances, old and new, come back (R4, R6)',
    },
  },
  {
    keeps: 'I29',
    file: `${cache}/invalidate/hint-bus.ts`,
    guard: ' && hint.sender !== instanceId',
    test: {
      file: `${cache}/read/l2.stack.test.ts`,
      name: 'is dropped by the others at once, but not a second time by the one that wrote',
    },
  },
  {
    keeps: 'I12',
    file: `${cache}/read/l1.ts`,
    guard: ' || !slot.isPlain',
    test: {
      file: `${cache}/read/l1.test.ts`,
      name: 'finds an entry by its key however it is spelt, and never by the text that another key is encoded to (R4)',
    },
  },
  {
    keeps: 'I26',
    file: `${cache}/deadlines.ts`,
    guard: 'if (next !== undefined) this.#plan(next.endsAtMs - nowMs);',
    test: {
      file: `${cache}/deadlines.test.ts`,
      name: 'end each at its own time, in the order in which they began, with one timer for all',
    },
  },
];
