// What the listener rests on: the chain of records, the readings that prove the tidemark, the reset. Guards
// are quoted as they stand in the product.
import { type KnockOut, scene } from './knock-out.ts';

const listenerState = 'packages/cache/src/invalidate/listener-state.ts';
const listener = 'packages/cache/src/invalidate/listener.ts';
const namespace = 'packages/cache/src/invalidate/namespace.ts';

export const listenerKnockOuts: readonly KnockOut[] = [
  {
    name: 'no predecessor check',
    removes: 'a record is applied only if it follows the position',
    patches: [
      {
        file: listenerState,
        guard: "  if (comparePositions(record.previous, state.position) !== 0) return { kind: 'gap' };\n",
        instead: '',
      },
    ],
    wish: scene(['messages']),
  },
  {
    name: 'no check of the replay',
    removes: 'a replay leads without a gap to the head',
    patches: [
      {
        file: listenerState,
        guard:
          "if (record.previous === null || comparePositions(record.previous, at) !== 0) return { kind: 'broken' };",
        instead: '',
      },
    ],
    wish: scene(['messages', 'trim', 'evict']),
  },
  {
    name: 'mark without a round after it',
    removes: 'the round that proves a reading began after it (acknowledge after the poll)',
    patches: [
      { file: listenerState, guard: 'head.done > reading.begun)', instead: 'head.done >= reading.begun)' },
    ],
    wish: scene(['messages', 'stall'], { sidecars: 1 }),
  },
  {
    name: 'mark before the records',
    removes: 'the mark waits for the records up to the head that proves it',
    patches: [
      {
        file: listenerState,
        guard: 'if (order === 0 || confirmed === undefined) {',
        instead: 'if (order >= 0) {',
      },
    ],
    wish: scene(['messages', 'stall']),
  },
  {
    name: 'mark taken when the head arrives',
    removes: 'the time of a reading is before its request',
    patches: [
      {
        file: listener,
        guard: 'const outcome = onReading(this.#state, head, at);',
        instead: 'const outcome = onReading(this.#state, head, clocks.instant());',
      },
    ],
    wish: scene(['stall', 'kill sidecars'], { sidecars: 1 }),
  },
  {
    name: 'generation ignored by readings',
    removes: 'rounds are counted within a generation',
    patches: [
      {
        file: listenerState,
        guard: `  if (position.generation !== state.position.generation)
    return { state: adopt(position), tidemark: undefined };
`,
        instead: '',
      },
    ],
    wish: scene(['cut', 'stray master', 'stall']),
  },
  {
    name: 'readings kept over a reconnect',
    removes: 'two readings come from one connection',
    patches: [
      {
        file: listenerState,
        guard: "return state.kind === 'lost' ? state : { ...state, readings: [], awaited: [] };",
        instead: 'return state;',
      },
    ],
    wish: scene(['cut', 'stray master', 'stall', 'kill sidecars']),
  },
  {
    name: 'heads read from a replica',
    removes: 'a head counts only when a master gave it',
    patches: [
      {
        file: listener,
        guard: "if (!Array.isArray(role) || role[0] !== 'master') {",
        instead: 'if (!Array.isArray(role)) {',
      },
      {
        file: listenerState,
        guard: "return state.kind === 'lost' ? state : { ...state, readings: [], awaited: [] };",
        instead: 'return state;',
      },
    ],
    wish: scene(['cut', 'replica', 'stall', 'kill sidecars']),
  },
  {
    name: 'lease kept over a reset',
    removes: 'a reset drops the tidemark',
    patches: [{ file: namespace, guard: 'this.tidemark.drop();', instead: '' }],
    wish: scene(['cut', 'stray master', 'stall']),
  },
  {
    name: 'entries kept over a reset',
    removes: 'a reset drops every entry and detaches every flight',
    patches: [
      {
        file: namespace,
        guard: "for (const region of this.#byPrefix.values()) region.overtake(null, 'reset');",
        instead: '',
      },
    ],
    wish: scene(['flush', 'trim', 'messages', 'kill sidecars']),
  },
  {
    name: 'a link to nothing passed over',
    removes: 'a link to nothing resets',
    patches: [
      {
        file: listenerState,
        guard: "if (record.previous === null) return { kind: 'reset' };",
        instead:
          "if (record.previous === null) return { kind: 'applied', ...moveTo(state, record.position) };",
      },
    ],
    wish: scene(['triggers', 'fail over database', 'flush', 'prune']),
  },
];
