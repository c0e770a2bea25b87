// The listener's decisions: a full table of states and events, and the rules of the tidemark one by one. Whole histories
// are in listener-history.test.ts.
import type { Head, LogRecord, Position } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import type { Instant } from '../clocks.ts';
import {
  adopt,
  checkReplay,
  type Following,
  type ListenerState,
  lost,
  moveTo,
  onReading,
  onReconnect,
  onRecord,
  type Replay,
} from './listener-state.ts';

function at(generation: number, sequence: number): Position {
  return { generation, sequence };
}

function when(ms: number): Instant {
  return { monotonicMs: ms, wallMs: 1_700_000_000_000 + ms };
}

function record(position: Position, previous: Position | null): LogRecord {
  return { position, previous, changes: new Map() };
}

function head(position: Position, begun = 0, done = begun): Head {
  return { position, floor: 0, begun, done, watchHash: 'w', tableFloors: new Map() };
}

const here = at(2, 5);

const reading = { begun: 7, at: when(70) };
const awaited = { position: at(2, 8), at: when(60) };

/** A listener at 2-5 that has read "round 7 has begun", and has a proof that waits for 2-8. */
const busy: Following = { kind: 'following', position: here, readings: [reading], awaited: [awaited] };

type StateName = 'lost' | 'following' | 'busy';

const states: Record<StateName, ListenerState> = { lost, following: adopt(here), busy };

const records = {
  'the next one': record(at(2, 6), here),
  'the same again': record(here, at(2, 4)),
  'an older one': record(at(2, 3), at(2, 2)),
  'one of an older generation': record(at(1, 900), at(1, 899)),
  'one too far': record(at(2, 7), at(2, 6)),
  'a later one that follows an older': record(at(2, 6), at(2, 4)),
  'a link to here': record(at(3, 0), here),
  'a link to elsewhere': record(at(3, 0), at(2, 6)),
  'a link to nothing': record(at(3, 0), null),
  'an older link to nothing': record(at(1, 0), null),
} as const;

type RecordName = keyof typeof records;

const gaps: Record<RecordName, string> = {
  'the next one': 'gap',
  'the same again': 'gap',
  'an older one': 'gap',
  'one of an older generation': 'gap',
  'one too far': 'gap',
  'a later one that follows an older': 'gap',
  'a link to here': 'gap',
  'a link to elsewhere': 'gap',
  'a link to nothing': 'gap',
  'an older link to nothing': 'gap',
};

const ofFollowing: Record<RecordName, string> = {
  'the next one': 'applied',
  'the same again': 'passed over',
  'an older one': 'passed over',
  'one of an older generation': 'passed over',
  'one too far': 'gap',
  'a later one that follows an older': 'gap',
  'a link to here': 'applied',
  'a link to elsewhere': 'gap',
  'a link to nothing': 'reset',
  'an older link to nothing': 'passed over',
};

const onRecords: Record<StateName, Record<RecordName, string>> = {
  lost: gaps,
  following: ofFollowing,
  busy: ofFollowing,
};

const heads = {
  'at my position': head(here, 7),
  'at my position, a round further': head(here, 8),
  'ahead of me': head(at(2, 9), 7),
  'ahead of me, a round further': head(at(2, 9), 8),
  'behind me: Redis went back': head(at(2, 4), 8),
  'of an older generation': head(at(1, 900), 8),
  'of a later generation': head(at(3, 0), 8),
} as const;

type HeadName = keyof typeof heads;

interface ReadingExpected {
  readonly isBehind: boolean;
  /** The time of the tidemark it proves. */
  readonly proves?: number;
  /** Begun rounds of the readings that wait for their proof afterwards. */
  readonly waiting?: readonly number[];
  /** Sequences that proofs wait for afterwards. */
  readonly awaits?: readonly number[];
}

const ofLost: ReadingExpected = { isBehind: true };

const onReadings: Record<StateName, Record<HeadName, ReadingExpected>> = {
  lost: {
    'at my position': ofLost,
    'at my position, a round further': ofLost,
    'ahead of me': ofLost,
    'ahead of me, a round further': ofLost,
    'behind me: Redis went back': ofLost,
    'of an older generation': ofLost,
    'of a later generation': ofLost,
  },
  following: {
    'at my position': { isBehind: false, waiting: [7], awaits: [] },
    'at my position, a round further': { isBehind: false, waiting: [8], awaits: [] },
    'ahead of me': { isBehind: true, waiting: [7], awaits: [] },
    'ahead of me, a round further': { isBehind: true, waiting: [8], awaits: [] },
    'behind me: Redis went back': { isBehind: false, waiting: [], awaits: [] },
    'of an older generation': { isBehind: false, waiting: [], awaits: [] },
    'of a later generation': { isBehind: true, waiting: [], awaits: [] },
  },
  busy: {
    'at my position': { isBehind: false, waiting: [7], awaits: [8] },
    'at my position, a round further': { isBehind: false, proves: 70, waiting: [8], awaits: [8] },
    'ahead of me': { isBehind: true, waiting: [7], awaits: [8] },
    'ahead of me, a round further': { isBehind: true, waiting: [8], awaits: [8, 9] },
    'behind me: Redis went back': { isBehind: false, waiting: [7], awaits: [8] },
    'of an older generation': { isBehind: false, waiting: [7], awaits: [8] },
    'of a later generation': { isBehind: true, waiting: [7], awaits: [8] },
  },
};

function cases<S extends string, E extends string, X>(table: Record<S, Record<E, X>>): [S, E, X][] {
  return Object.entries<Record<E, X>>(table).flatMap(([state, row]) =>
    Object.entries<X>(row).map(([event, expected]): [S, E, X] => [state as S, event as E, expected]),
  );
}

describe('a record', () => {
  it.each(cases(onRecords))('while %s: %s is %s (R2)', (state, name, expected) => {
    expect(onRecord(states[state], records[name]).kind).toBe(expected);
  });

  it('that follows moves the position to itself, and nowhere else', () => {
    expect(onRecord(adopt(here), records['the next one'])).toEqual({
      kind: 'applied',
      state: adopt(at(2, 6)),
      tidemark: undefined,
    });
  });
});

describe('a head reading', () => {
  it.each(cases(onReadings))('while %s: %s', (state, name, { isBehind, proves, waiting, awaits }) => {
    const before = states[state];
    const outcome = onReading(before, heads[name], when(100));
    expect(outcome.isBehind).toBe(isBehind);
    expect(outcome.tidemark).toEqual(proves === undefined ? undefined : when(proves));
    if (outcome.state.kind === 'lost') {
      expect(before.kind).toBe('lost');
      return;
    }
    expect(outcome.state.position).toEqual(here);
    expect(outcome.state.readings.map(({ begun }) => begun)).toEqual(waiting);
    expect(outcome.state.awaited.map(({ position }) => position.sequence)).toEqual(awaits);
  });

  it('proves nothing by the round that had begun before it, only by a later one (R1)', () => {
    const read = onReading(adopt(here), head(here, 7, 6), when(10)).state;
    const same = onReading(read, head(here, 7, 7), when(20));
    expect(same.tidemark).toBeUndefined();
    const later = onReading(same.state, head(here, 8, 8), when(30));
    expect(later.tidemark).toEqual(when(20));
  });

  it('proves the time before its request, not that of the head that confirms it (R1)', () => {
    const read = onReading(adopt(here), head(here, 7), when(10)).state;
    expect(onReading(read, head(here, 9), when(90)).tidemark).toEqual(when(10));
  });

  it('of several that a round confirms proves the latest', () => {
    let state: ListenerState = adopt(here);
    state = onReading(state, head(here, 7), when(10)).state;
    state = onReading(state, head(here, 8, 7), when(20)).state;
    expect(onReading(state, head(here, 9, 9), when(30)).tidemark).toEqual(when(20));
  });

  it('before the same round as an earlier one replaces it: it proves more', () => {
    let state: ListenerState = adopt(here);
    state = onReading(state, head(here, 7), when(10)).state;
    state = onReading(state, head(here, 7), when(20)).state;
    expect(state).toMatchObject({ readings: [{ begun: 7, at: when(20) }] });
  });

  it('whose proof is ahead proves nothing until the records up to there are applied (R1)', () => {
    let state = onReading(adopt(here), head(here, 7), when(10)).state;
    const ahead = onReading(state, head(at(2, 7), 8), when(20));
    expect(ahead).toMatchObject({ tidemark: undefined, isBehind: true });
    state = ahead.state;
    const first = onRecord(state, record(at(2, 6), here));
    expect(first).toMatchObject({ kind: 'applied', tidemark: undefined });
    if (first.kind !== 'applied') throw new Error('it follows');
    expect(onRecord(first.state, record(at(2, 7), at(2, 6)))).toMatchObject({ tidemark: when(10) });
  });

  it('is kept with the latest 32 only, however long rounds stall', () => {
    let state: ListenerState = adopt(here);
    for (let round = 0; round < 100; round += 1) {
      state = onReading(state, head(here, round, 0), when(round)).state;
    }
    expect(state).toMatchObject({ readings: { length: 32 } });
    expect(onReading(state, head(here, 100, 100), when(200)).tidemark).toEqual(when(99));
  });

  it('that waits for records is kept with the latest 32 only, however long they fail to come', () => {
    let state: ListenerState = adopt(here);
    for (let round = 1; round <= 100; round += 1) {
      state = onReading(state, head(at(2, 5 + round), round), when(round)).state;
    }
    expect(state).toMatchObject({ awaited: { length: 32 } });
  });
});

describe('moving to a position', () => {
  it('of another generation forgets every reading: rounds are counted anew (R1)', () => {
    expect(moveTo(busy, at(3, 0))).toEqual({ state: adopt(at(3, 0)), tidemark: undefined });
  });

  it('at or past an awaited one yields its proof, and the latest of several', () => {
    const later = { position: at(2, 9), at: when(65) };
    const state: Following = { ...busy, awaited: [awaited, later] };
    expect(moveTo(state, at(2, 7)).tidemark).toBeUndefined();
    expect(moveTo(state, at(2, 8))).toMatchObject({ tidemark: when(60), state: { awaited: [later] } });
    expect(moveTo(state, at(2, 9))).toMatchObject({ tidemark: when(65), state: { awaited: [] } });
  });
});

describe('a reconnect', () => {
  it('keeps the position and discards what was read before it: readings never pair over it (R1)', () => {
    const state = onReconnect(busy);
    expect(state).toEqual(adopt(here));
    expect(onReading(state, head(here, 9), when(100)).tidemark).toBeUndefined();
  });

  it('finds a lost listener lost', () => {
    expect(onReconnect(lost)).toBe(lost);
  });
});

describe('a replay', () => {
  const six = record(at(2, 6), here);
  const seven = record(at(2, 7), at(2, 6));
  const link = record(at(3, 0), at(2, 7));

  it.each<[string, Replay['kind'], readonly LogRecord[] | null, Position]>([
    ['nothing, at the head', 'complete', [], here],
    ['every record up to the head', 'complete', [six, seven], at(2, 7)],
    ['records and the link to a new generation', 'complete', [six, seven, link], at(3, 0)],
    ['a first record that does not follow', 'broken', [seven], at(2, 7)],
    ['a record missing in the middle', 'broken', [six, link], at(3, 0)],
    ['fewer records than the head has', 'broken', [six], at(2, 7)],
    ['no record, while the head is ahead', 'broken', [], at(2, 7)],
    ['records that cannot be read', 'broken', null, at(2, 7)],
    ['a link to nothing', 'broken', [six, record(at(3, 0), null)], at(3, 0)],
    ['records past the head', 'broken', [six, seven], at(2, 6)],
    ['a head behind the position', 'behind', [], at(2, 4)],
    ['a head of an older generation', 'behind', [], at(1, 900)],
  ])('of %s is %s (R2)', (_what, expected, some, headAt) => {
    expect(checkReplay(here, some, head(headAt)).kind).toBe(expected);
  });
});
