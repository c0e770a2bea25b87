// What the read path, L2, the lease and own writes rest on. Guards
// are quoted as they stand in the product.
import { type KnockOut, scene } from './knock-out.ts';

const readPath = 'packages/cache/src/read/read-path.ts';
const l2 = 'packages/cache/src/read/l2.ts';
const flight = 'packages/cache/src/read/flight.ts';
const clocks = 'packages/cache/src/clocks.ts';
const claim = 'packages/engine/src/publish/claim.ts';
const nextRecord = 'packages/engine/src/publish/next-record.ts';

export const readKnockOuts: readonly KnockOut[] = [
  {
    name: 'no fence on the fill',
    removes: 'a fill is refused when the log names its key',
    weakness: 'fill without fence',
    wish: scene([]),
  },
  {
    name: 'fill over a trimmed log',
    removes: 'a fill is refused when the log is not complete',
    weakness: 'fill ignores a trimmed log',
    wish: scene(['trim']),
  },
  {
    name: 'fill of any generation',
    removes: 'a fill belongs to the generation of its load',
    weakness: 'fill without generation',
    wish: scene(['cut'], { sidecars: 1 }),
  },
  {
    name: 'position taken after the load',
    removes: 'time and position are noted before the load',
    patches: [
      {
        file: readPath,
        guard: 'this.#keep(miss, await this.#parts.source.load(key, { encoded, begun, abandoned }), noted);',
        instead:
          'const late = await this.#parts.source.load(key, { encoded, begun, abandoned }); void noted; this.#keep(miss, late, this.#note());',
      },
    ],
    wish: scene(['stall', 'bulk'], { sidecars: 1 }),
  },
  {
    name: 'position of many taken after the load',
    removes: 'time and position are noted before several keys are loaded at once',
    patches: [
      {
        file: readPath,
        guard: 'else this.#keep(miss, value, noted);',
        instead: 'else this.#keep(miss, value, (void noted, this.#note()));',
      },
    ],
    wish: scene(['stall'], { sidecars: 1, hasSmallL1: true }),
  },
  {
    name: 'L2 read by any head',
    removes: 'an L2 value counts only under a head at or past the position',
    patches: [
      {
        file: l2,
        guard: 'if (head === undefined || !this.#isAtOrPast(head)) return found;',
        instead: 'if (head === undefined) return found;',
      },
    ],
    wish: scene(['fail over Redis', 'stray master', 'flush', 'cut', 'evict']),
  },
  {
    name: 'no floors',
    removes: 'L2 values below the floors are refused',
    patches: [
      {
        file: l2,
        guard: '!isAboveFloors(head, notedAt, tables)',
        instead: '!isAboveFloors(head, notedAt, [])',
      },
      { file: claim, guard: 'kept?.floor ?? generation', instead: 'kept?.floor ?? 0' },
    ],
    wish: scene(['bulk', 'fail over Redis', 'cut', 'triggers']),
  },
  {
    name: 'no floor of the generation',
    removes: 'a generation that is linked to nothing, or to what Redis lost, refuses all L2 values of before',
    patches: [{ file: claim, guard: 'kept?.floor ?? generation', instead: 'kept?.floor ?? 0' }],
    wish: scene(['fail over Redis', 'cut', 'triggers', 'fail over database']),
  },
  {
    name: 'no floor of the table',
    removes: 'a whole-table record raises the floor of its table',
    patches: [
      {
        file: nextRecord,
        guard: 'if (keys === null) tableFloors.set(table, position);',
        instead: 'if (keys === undefined) tableFloors.set(table, position);',
      },
    ],
    wish: scene(['bulk']),
  },
  {
    name: 'floors forgotten by a claim',
    removes: 'a claim keeps the floors it finds (floors not learnt on reset)',
    patches: [
      { file: claim, guard: '...(kept?.tableFloors ?? [])', instead: '...new Map<string, Position>()' },
    ],
    wish: scene(['bulk', 'kill sidecars', 'cut', 'stall']),
  },
  {
    name: 'flights never detached',
    removes: 'an invalidation detaches the flight of its key',
    patches: [{ file: flight, guard: '    this.#isDetached = true;\n', instead: '' }],
    wish: scene([]),
  },
  {
    name: 'old flights joined',
    removes: 'a flight older than B/2 is not joined',
    patches: [
      {
        file: flight,
        guard: 'return this.#clocks.isWithin(flight.startedAt, this.#joinableMs) ? flight : undefined;',
        instead: 'return this.#clocks === undefined ? undefined : flight;',
      },
    ],
    wish: scene(['stall'], { sidecars: 0 }),
  },
  {
    name: 'L2 entry kept for B from its read',
    removes: 'an L2 entry is as old as the tidemark it was accepted under',
    patches: [
      {
        file: readPath,
        guard: "{ asOf: namespace.tidemark.at, from: 'l2' }",
        instead: "{ asOf: (void namespace, this.#clocks.instant()), from: 'l2' }",
      },
    ],
    wish: scene(['kill sidecars', 'stall', 'pause']),
  },
  {
    name: 'lease not asked again',
    removes: 'the lease is live when the answer of L2 is processed',
    patches: [
      {
        file: readPath,
        guard: '      if (!this.#lease.isLive()) return true;\n',
        instead: '',
      },
    ],
    wish: scene(['stall', 'kill sidecars'], { sidecars: 1, hasSmallL1: true }),
  },
  {
    name: 'no hold on a write',
    removes: 'a key that was just written is kept away from L2',
    patches: [
      {
        file: readPath,
        guard: 'const asked = misses.filter(({ encoded }) => !hold.isHeld(encoded));',
        instead: 'const asked = (void hold, misses);',
      },
    ],
    wish: scene(['own writes', 'cut']),
  },
  {
    name: 'own write does not drop L1',
    removes: 'a write drops the entry and detaches the flight',
    patches: [
      {
        file: 'packages/cache/src/region.ts',
        guard: "this.overtake(keys, 'write');",
        instead: '',
      },
    ],
    wish: scene(['own writes']),
  },
  {
    name: 'monotonic clock only',
    removes: 'both clocks agree that the bound is not over',
    patches: [
      { file: clocks, guard: 'return this.#wallMs < start.wallMs + boundMs;', instead: 'return true;' },
    ],
    wish: scene(['suspend', 'stall']),
  },
  {
    name: 'wall clock only',
    removes: 'both clocks agree that the bound is not over',
    patches: [
      {
        file: clocks,
        guard: 'if (this.#nowMs >= start.monotonicMs + boundMs) return false;',
        instead: '',
      },
    ],
    wish: scene(['wall clock', 'stall']),
  },
  {
    name: 'lease without a prefix',
    removes: 'a region gets no lease while rounds do not unlink its prefix',
    patches: [
      {
        file: 'packages/cache/src/invalidate/lease.ts',
        guard: 'if (this.#needsPrefix && !watched.prefixes.includes(prefix)) {',
        instead: 'if (this.#needsPrefix && prefix === "") {',
      },
    ],
    wish: scene(['messages'], { knowsPrefixes: false }),
  },
];
