// How a listener goes from one position to the next, as pure functions. No clock, no socket: what happened comes in,
// what to do comes out.
//
//   lost ──(adopt)──► following ──(record that follows)──► following
//    ▲                    │ gap: resync, the missing records come from the log
//    └──(link to nothing)─┘ chain broken: adopt anew, everything before is dropped
//
// The tidemark: a head read at my time t says "round b has begun". When a later head says that a round after b is done,
// and I have applied up to that head, then every change committed before t is applied here.
import { comparePositions, type Head, type LogRecord, type Position } from '@tidemark/protocol';
import type { Instant } from '../clocks.ts';

interface Reading {
  readonly begun: number;
  readonly at: Instant;
}

/** Proved, but for the records up to this position that have not arrived yet. */
interface Awaited {
  readonly position: Position;
  readonly at: Instant;
}

export interface Following {
  readonly kind: 'following';
  readonly position: Position;
  /** Head readings that no finished round has confirmed yet, oldest first. */
  readonly readings: readonly Reading[];
  readonly awaited: readonly Awaited[];
}

export type ListenerState = { readonly kind: 'lost' } | Following;

export const lost: ListenerState = { kind: 'lost' };

/** Both lists grow only while rounds stall; what falls out is the oldest, which proves least. */
const maxPending = 32;

export function adopt(position: Position): Following {
  return { kind: 'following', position, readings: [], awaited: [] };
}

export type RecordOutcome =
  | { readonly kind: 'passed over' }
  | { readonly kind: 'applied'; readonly state: Following; readonly tidemark: Instant | undefined }
  /** Records are missing in between. */
  | { readonly kind: 'gap' }
  /** A link to nothing: what was known before can't be trusted. */
  | { readonly kind: 'reset' };

export function onRecord(state: ListenerState, record: LogRecord): RecordOutcome {
  if (state.kind === 'lost') return { kind: 'gap' };
  if (comparePositions(record.position, state.position) <= 0) return { kind: 'passed over' };
  if (record.previous === null) return { kind: 'reset' };
  if (comparePositions(record.previous, state.position) !== 0) return { kind: 'gap' };
  return { kind: 'applied', ...moveTo(state, record.position) };
}

/** @returns the state at the new position, and the tidemark that arriving there has proved */
export function moveTo(
  state: Following,
  position: Position,
): { readonly state: Following; readonly tidemark: Instant | undefined } {
  // Rounds are counted within a generation: a reading of another one proves nothing in this one.
  if (position.generation !== state.position.generation)
    return { state: adopt(position), tidemark: undefined };
  const arrived = state.awaited.filter((awaited) => comparePositions(awaited.position, position) <= 0);
  const awaited = state.awaited.slice(arrived.length);
  return { state: { ...state, position, awaited }, tidemark: arrived.at(-1)?.at };
}

export interface ReadingOutcome {
  readonly state: ListenerState;
  readonly tidemark: Instant | undefined;
  /** True when the head is ahead: the records up to it must be fetched, unless they arrive by themselves. */
  readonly isBehind: boolean;
}

/** @param at both clocks, read before the request for the head was sent */
export function onReading(state: ListenerState, head: Head, at: Instant): ReadingOutcome {
  if (state.kind === 'lost') return { state, tidemark: undefined, isBehind: true };
  const order = comparePositions(head.position, state.position);
  // Redis went back, or this is another server: the head says nothing about what was applied here.
  if (order < 0) return { state, tidemark: undefined, isBehind: false };
  if (head.position.generation !== state.position.generation) {
    return { state, tidemark: undefined, isBehind: true };
  }
  const confirmed = state.readings.findLast((reading) => head.done > reading.begun);
  const readings = [
    // Of readings before the same round only the latest is worth keeping: it proves most.
    ...state.readings.filter((reading) => head.done <= reading.begun && reading.begun !== head.begun),
    { begun: head.begun, at },
  ].slice(-maxPending);
  if (order === 0 || confirmed === undefined) {
    return { state: { ...state, readings }, tidemark: confirmed?.at, isBehind: order > 0 };
  }
  const awaited = [...state.awaited, { position: head.position, at: confirmed.at }].slice(-maxPending);
  return { state: { ...state, readings, awaited }, tidemark: undefined, isBehind: true };
}

/** Another connection may lead to another server: readings of before must not be paired with readings of after. */
export function onReconnect(state: ListenerState): ListenerState {
  return state.kind === 'lost' ? state : { ...state, readings: [], awaited: [] };
}

export type Replay =
  | { readonly kind: 'complete' }
  | { readonly kind: 'broken' }
  /** The log ends before the listener's position: Redis went back, and a sidecar will mend it. */
  | { readonly kind: 'behind' };

/** Whether the records lead without a gap from `position` to the head of the same moment. */
export function checkReplay(position: Position, records: readonly LogRecord[] | null, head: Head): Replay {
  if (comparePositions(head.position, position) < 0) return { kind: 'behind' };
  let at = position;
  for (const record of records ?? []) {
    if (record.previous === null || comparePositions(record.previous, at) !== 0) return { kind: 'broken' };
    at = record.position;
  }
  return comparePositions(at, head.position) === 0 ? { kind: 'complete' } : { kind: 'broken' };
}
