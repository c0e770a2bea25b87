// What the rounds rest on: compare-and-set, the memory of a publisher, the cursor, the journal, rounds without Redis. Guards
// are quoted as they stand in the product.
import { type KnockOut, scene } from './knock-out.ts';

const localTarget = 'packages/cache/src/invalidate/local-target.ts';
const claim = 'packages/engine/src/publish/claim.ts';
const target = 'packages/engine/src/publish/redis-target.ts';

export const roundKnockOuts: readonly KnockOut[] = [
  {
    name: 'no compare on begin',
    removes: 'begin is refused unless the head is the expected one',
    weakness: 'begin without compare',
    wish: scene(['pause', 'messages']),
  },
  {
    name: 'no compare on publish',
    removes: 'publish is refused unless the head is what begin left',
    weakness: 'publish without compare',
    wish: scene(['pause']),
  },
  {
    name: 'no compare on takeover',
    removes: 'takeover is refused unless the head is what was observed',
    weakness: 'takeover without compare',
    wish: scene(['cut', 'fail over Redis', 'stray master']),
  },
  {
    name: 'publish without unlink',
    removes: 'a record unlinks the L2 values that it overtakes',
    weakness: 'publish without unlink',
    wish: scene([]),
  },
  {
    name: 'cursor kept in memory only',
    removes: 'the cursor is stored by the script that moves the head',
    weakness: 'cursor not stored',
    patches: [
      {
        file: claim,
        guard: 'if (cursor === null) return claimNothing(headText, head.position.generation);',
        instead: '',
      },
    ],
    wish: scene(['kill sidecars']),
  },
  {
    name: 'one cursor for two namespaces',
    removes: 'each namespace has a cursor of its own',
    patches: [
      {
        file: 'packages/protocol/src/wire/key.ts',
        guard: 'cursor: `${base}:cursor`',
        instead: 'cursor: `${keyPrefix}:cursor`',
      },
    ],
    wish: scene(['kill sidecars', 'stall'], { hasTwoNamespaces: true }),
  },
  {
    name: 'memory kept over a lost reply',
    removes: 'after an unknown outcome the memory is forgotten',
    patches: [
      {
        file: target,
        guard: "      this.#state = { kind: 'unsure', mine };\n",
        instead: '      void mine;\n',
      },
    ],
    backup: 'connection of the memory not asked',
    wish: scene(['cut', 'stall']),
  },
  {
    name: 'connection of the memory not asked',
    removes: 'a memory is good on its own connection only',
    patches: [
      {
        file: target,
        guard: 'if (redis.epoch !== memory.epoch) {\n      // MGET',
        instead: 'if (redis.epoch < 0) {\n      // MGET',
      },
      { file: target, guard: 'if (redis.epoch !== memory.epoch) return refused;', instead: '' },
    ],
    backup: 'memory kept over a lost reply',
    wish: scene(['cut', 'fail over Redis', 'stray master']),
  },
  {
    name: 'unlinked floor kept over lost writes',
    removes: 'L2 values are kept only where no unlink was lost',
    patches: [
      {
        file: claim,
        guard: 'keptFloors: isSamePosition ? memory.head : null,',
        instead: 'keptFloors: isSamePosition ? memory.head : memory.head,',
      },
    ],
    wish: scene(['fail over Redis', 'cut']),
  },
  {
    name: 'continuity of the watch not asked',
    removes: 'a changed watch links to nothing',
    weakness: 'watch has no hash',
    wish: scene(['triggers']),
  },
  {
    name: 'server identity not asked',
    removes: 'another server, or another life of it, links to nothing',
    weakness: 'server has no identity',
    patches: [{ file: 'packages/protocol/src/ports/journal.ts', guard: '!read.wentBack &&', instead: '' }],
    wish: scene(['fail over database', 'stall']),
  },
  {
    name: 'a number as the cursor',
    removes: 'the cursor is a snapshot',
    weakness: 'cursor is the highest xid',
    wish: scene([]),
  },
  {
    name: 'changes announced before they are visible',
    removes: 'a round reads what is visible, not what is announced',
    weakness: 'announced before visible',
    wish: scene([]),
  },
  {
    name: 'pruning by age',
    removes: 'only rows that a recorded snapshot contains are pruned, and the horizon is asked',
    weakness: 'prune by age',
    wish: scene(['prune', 'stall']),
  },
  {
    name: 'no horizon',
    removes: 'a cursor before the horizon resets',
    weakness: 'no horizon',
    wish: scene(['prune', 'pause', 'kill sidecars', 'stall']),
  },
  {
    name: 'no Redis: mark after the call',
    removes: 'without Redis the mark is the time before the journal was asked',
    patches: [
      {
        file: localTarget,
        guard: 'namespace.tidemark.advance(this.#begunAt);',
        instead: 'namespace.tidemark.advance(this.#options.clocks.instant());',
      },
    ],
    wish: scene(['stall'], { hasRedis: false }),
  },
  {
    name: 'no Redis: continuity not asked',
    removes: 'without Redis a broken continuity resets',
    patches: [
      {
        file: localTarget,
        guard: 'this.#cursor !== null && isContinuous(this.#cursor, read)',
        instead: 'this.#cursor !== null && isContinuous(read.cursor, read)',
      },
      { file: 'packages/protocol/src/ports/journal.ts', guard: '!read.wentBack &&', instead: '' },
    ],
    wish: scene(['triggers', 'fail over database', 'stall'], { hasRedis: false }),
  },
];
