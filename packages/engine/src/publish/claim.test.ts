import { type Cursor, formatHead, type Head, parseHead } from '@tidemark/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterRefusal,
  believableGeneration,
  type Claim,
  claimedHead,
  claimFromMemory,
  claimNothing,
  type Idle,
  type Memory,
  observe,
  patience,
  startObserving,
} from './claim.ts';

function headAt(generation: number, sequence: number, more: Partial<Head> = {}): Head {
  const position = { generation, sequence };
  return { position, floor: 3, begun: 8, done: 8, watchHash: 'w', tableFloors: new Map(), ...more };
}

const cursor: Cursor = { snapshot: '9', server: 's', watchHash: 'w' };
const head = headAt(5, 2, { tableFloors: new Map([['t', { generation: 4, sequence: 1 }]]) });
const headText = formatHead(head);
const movedText = formatHead({ ...head, begun: 9, done: 9 });
/** A round was begun, and none done. */
const begunText = formatHead({ ...head, begun: 9 });
const corrupt = 'not a head';

const claimOfHead: Claim = {
  kind: 'claiming',
  expectedHead: headText,
  link: { generation: 5, sequence: 2 },
  keptFloors: head,
  cursor,
  atLeast: 5,
};

/** The claim as far as a table can show it: the floors of a head are compared as floors. */
function shown(decision: Idle | Claim): unknown {
  if (decision.kind !== 'claiming') return decision;
  const { keptFloors } = decision;
  return {
    ...decision,
    keptFloors: keptFloors && { floor: keptFloors.floor, tableFloors: keptFloors.tableFloors },
  };
}

function seen(text: string | null, unchanged: number): Idle {
  return { kind: 'observing', seen: text, unchanged };
}

describe('a publisher without a memory', () => {
  const states = {
    'has seen nothing yet': startObserving,
    'saw another head': seen(movedText, patience - 1),
    'saw this head for the first time': seen(headText, 0),
    'saw this head stand still all but once': seen(headText, patience - 2),
    'saw this head stand still long enough': seen(headText, patience - 1),
    'does not know whether this head is its own': { kind: 'unsure', mine: [movedText, headText] },
    'knows that this head is not its own': { kind: 'unsure', mine: [movedText] },
  } satisfies Record<string, Idle>;
  const sights = {
    'no head': { headText: null, cursor: null },
    'a cursor without a head': { headText: null, cursor },
    'a corrupt head': { headText: corrupt, cursor },
    'the head': { headText, cursor },
    'the head without a cursor': { headText, cursor: null },
    'the head that its publisher has left': { headText, cursor, leftHead: headText },
    'the head, and the word that another one was left': { headText, cursor, leftHead: movedText },
  };
  const nothing = claimNothing(null, 0);
  const overCorrupt = claimNothing(corrupt, 0);
  const lostCursor = claimNothing(headText, 5);
  const always = {
    'no head': nothing,
    'a cursor without a head': nothing,
    'a corrupt head': overCorrupt,
    'the head that its publisher has left': claimOfHead,
  };

  const table: Record<keyof typeof states, Record<keyof typeof sights, Idle | Claim>> = {
    'has seen nothing yet': {
      ...always,
      'the head': seen(headText, 0),
      'the head without a cursor': seen(headText, 0),
      'the head, and the word that another one was left': startObserving,
    },
    'saw another head': {
      ...always,
      'the head': seen(headText, 0),
      'the head without a cursor': seen(headText, 0),
      'the head, and the word that another one was left': seen(movedText, patience - 1),
    },
    'saw this head for the first time': {
      ...always,
      'the head': seen(headText, 1),
      'the head without a cursor': seen(headText, 1),
      'the head, and the word that another one was left': seen(headText, 0),
    },
    'saw this head stand still all but once': {
      ...always,
      'the head': seen(headText, patience - 1),
      'the head without a cursor': seen(headText, patience - 1),
      'the head, and the word that another one was left': seen(headText, patience - 2),
    },
    'saw this head stand still long enough': {
      ...always,
      'the head': claimOfHead,
      'the head without a cursor': lostCursor,
      'the head, and the word that another one was left': seen(headText, patience - 1),
    },
    'does not know whether this head is its own': {
      ...always,
      'the head': claimOfHead,
      'the head without a cursor': lostCursor,
      'the head, and the word that another one was left': claimOfHead,
    },
    'knows that this head is not its own': {
      ...always,
      'the head': seen(headText, 0),
      'the head without a cursor': seen(headText, 0),
      'the head, and the word that another one was left': { kind: 'unsure', mine: [movedText] },
    },
  };

  const cases = Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).map(([sight, expected]) => ({ state, sight, expected })),
  );
  test.each(cases)('that $state and finds $sight', ({ state, sight, expected }) => {
    const before = states[state as keyof typeof states];
    const observed = sights[sight as keyof typeof sights];
    expect(shown(observe(before, observed))).toEqual(shown(expected));
  });
});

describe('a head under which rounds are begun and not done', () => {
  test('stands still: its publisher reaches Redis and not the journal, and is overtaken as it is now (R6)', () => {
    expect(observe(seen(headText, patience - 2), { headText: begunText, cursor })).toEqual(
      seen(begunText, patience - 1),
    );
    expect(observe(seen(headText, patience - 1), { headText: begunText, cursor })).toMatchObject({
      kind: 'claiming',
      expectedHead: begunText,
    });
  });
});

describe('a claim that came too late', () => {
  test('is made again at the next look when rounds were only begun meanwhile, else patience starts anew (R6)', () => {
    const refused = afterRefusal(claimOfHead);
    expect(observe(refused, { headText: begunText, cursor })).toMatchObject({
      kind: 'claiming',
      expectedHead: begunText,
    });
    expect(observe(refused, { headText: movedText, cursor })).toEqual(seen(movedText, 0));
  });
});

describe('a publisher with a memory', () => {
  const memory: Memory = { head, headText, cursor, epoch: 1 };
  const fromMemory: Claim = {
    kind: 'claiming',
    expectedHead: null,
    link: { generation: 5, sequence: 2 },
    keptFloors: null,
    cursor,
    atLeast: 5,
  };
  const found: Record<string, { text: string | null; expected: Idle | Claim }> = {
    'no head': { text: null, expected: fromMemory },
    'a corrupt head': { text: corrupt, expected: { ...fromMemory, expectedHead: corrupt } },
    'its own head, on another connection': { text: headText, expected: { ...claimOfHead, keptFloors: head } },
    'its own position, some rounds before': {
      text: formatHead({ ...head, begun: 3, done: 3 }),
      expected: { ...claimOfHead, expectedHead: formatHead({ ...head, begun: 3, done: 3 }) },
    },
    'an earlier record': {
      text: formatHead(headAt(5, 1)),
      expected: { ...fromMemory, expectedHead: formatHead(headAt(5, 1)) },
    },
    'an earlier generation': {
      text: formatHead(headAt(4, 2)),
      expected: { ...fromMemory, expectedHead: formatHead(headAt(4, 2)) },
    },
    'an earlier generation with more records': {
      text: formatHead(headAt(4, 90)),
      expected: { ...fromMemory, expectedHead: formatHead(headAt(4, 90)) },
    },
    'more records than it remembers': {
      text: formatHead(headAt(5, 3)),
      expected: { ...fromMemory, expectedHead: formatHead(headAt(5, 3)) },
    },
    'a later generation': { text: formatHead(headAt(6, 0)), expected: startObserving },
  };

  test.each(Object.entries(found))('that finds %s', (_name, { text, expected }) => {
    expect(shown(claimFromMemory(memory, text))).toEqual(shown(expected));
  });
});

describe('a claim', () => {
  test('of what is known keeps the floors: no UNLINK was lost', () => {
    expect(claimedHead(claimOfHead, 6, 'w2')).toEqual({
      position: { generation: 6, sequence: 0 },
      floor: 3,
      begun: 0,
      done: 0,
      watchHash: 'w2',
      tableFloors: head.tableFloors,
    });
  });

  test('of what is not known refuses every L2 value of before (R2)', () => {
    const claimed = claimedHead(claimNothing(headText, 5), 6, 'w');
    expect(claimed.floor).toBe(6);
    expect(claimed.tableFloors.size).toBe(0);
  });
});

describe('a head that no sidecar wrote', () => {
  test('is not exceeded when it stands at the end of all numbers: the next one could not be read', () => {
    const text = formatHead(headAt(believableGeneration + 1, 0));
    expect(observe(startObserving, { headText: text, cursor })).toEqual(claimNothing(text, 0));
  });

  test('leaves no floor above the head that follows it: every L2 value would be refused for ever', () => {
    const tableFloors = new Map([['t', { generation: 900, sequence: 1 }]]);
    const claim: Claim = { ...claimOfHead, keptFloors: headAt(5, 2, { floor: 900, tableFloors }) };
    const claimed = claimedHead(claim, 6, 'w');
    expect(claimed.floor).toBe(6);
    expect(claimed.tableFloors).toEqual(new Map([['t', claimed.position]]));
  });
});

describe('every decision, whatever is remembered and found', () => {
  const position = fc.record({
    generation: fc.integer({ min: 1, max: 4 }),
    sequence: fc.integer({ min: 0, max: 3 }),
  });
  const anyHead = fc
    .tuple(position, fc.nat({ max: 4 }), fc.nat({ max: 3 }), fc.boolean())
    .map(([at, floor, begun, hasFloor]): Head => {
      const tableFloors = new Map(hasFloor ? [['t', at]] : []);
      return {
        position: at,
        floor: Math.min(floor, at.generation),
        begun,
        done: 0,
        watchHash: 'w',
        tableFloors,
      };
    });
  const anyText = fc.oneof(anyHead.map(formatHead), fc.constantFrom(null, corrupt, ''));
  const anyCursor = fc.constantFrom(cursor, null);
  const anyMemory = anyHead.map((value): Memory => {
    return { head: value, headText: formatHead(value), cursor, epoch: 1 };
  });
  const anyIdle = fc.oneof(
    fc.tuple(anyText, fc.nat({ max: patience })).map(([text, unchanged]) => seen(text, unchanged)),
    fc.array(anyHead.map(formatHead)).map((mine): Idle => ({ kind: 'unsure', mine })),
  );

  test('links to the memory, or to what Redis holds, or to nothing: never to anything else (R2)', () => {
    fc.assert(
      fc.property(anyIdle, anyText, anyCursor, (state, text, found) => {
        const decision = observe(state, { headText: text, cursor: found });
        if (decision.kind !== 'claiming') return;
        expect(decision.expectedHead).toBe(text);
        if (decision.link === null) {
          expect(decision).toMatchObject({ keptFloors: null, cursor: null });
          return;
        }
        // Who goes on from Redis needs all of it: its position, its floors and the cursor they belong to.
        expect(decision.cursor).toBe(found);
        const held = headOf(text);
        expect(decision.link).toEqual(held?.position);
        expect(decision.keptFloors).toMatchObject({ floor: held?.floor, tableFloors: held?.tableFloors });
        expect(decision.atLeast).toBe(decision.link.generation);
      }),
    );
  });

  test('stands by before a later generation, and goes on from the memory otherwise (R2)', () => {
    fc.assert(
      fc.property(anyMemory, anyText, (memory, text) => {
        const decision = claimFromMemory(memory, text);
        const mine = memory.head.position;
        const other = headOf(text);
        if (other !== undefined && other.position.generation > mine.generation) {
          expect(decision).toEqual(startObserving);
          return;
        }
        expect(decision).toMatchObject({ kind: 'claiming', expectedHead: text, link: mine, cursor });
        expect((decision as Claim).atLeast).toBeGreaterThanOrEqual(other?.position.generation ?? 0);
      }),
    );
  });

  test('keeps the floors only where Redis holds the last record: no UNLINK was lost (R2)', () => {
    fc.assert(
      fc.property(anyMemory, anyText, (memory, text) => {
        const decision = claimFromMemory(memory, text);
        if (decision.kind !== 'claiming') return;
        const holdsLast = JSON.stringify(headOf(text)?.position) === JSON.stringify(memory.head.position);
        expect(decision.keptFloors !== null).toBe(holdsLast);
        const claimed = claimedHead(decision, decision.atLeast + 1, 'w');
        if (!holdsLast) expect(claimed.floor).toBe(claimed.position.generation);
        else
          expect(claimed).toMatchObject({ floor: memory.head.floor, tableFloors: memory.head.tableFloors });
      }),
    );
  });
});

function headOf(text: string | null): Head | undefined {
  return text === null ? undefined : parseHead(text);
}
