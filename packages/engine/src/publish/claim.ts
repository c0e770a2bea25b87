// Decisions of a publisher that does not hold the head, as pure functions: whether to stand by or to claim the
// namespace, and what the claim links to.
//
//   observing ──(no head, no round gets done, or its publisher has left)──► claiming ──(takeover)──► working
//       ▲                                           ▲                        │
//       ├──────────────(another generation)─────────┼────────────────────────┤
//       └──(head is neither mine nor still)── unsure ◄──(outcome unknown)─────┘
//                                               └──(head is mine)──► claiming
import {
  comparePositions,
  type Cursor,
  type Head,
  isSameProgress,
  parseHead,
  type Position,
} from '@tidemark/protocol';

/** What a publisher found in Redis, all of one moment. */
export interface Observed {
  readonly headText: string | null;
  readonly cursor: Cursor | null;
  /** The head that its publisher, on the bus, said to have left for good; absent: nobody said anything. */
  readonly leftHead?: string;
}

/** What a working publisher remembers: exactly what its last successful script left behind. */
export interface Memory {
  readonly head: Head;
  readonly headText: string;
  readonly cursor: Cursor;
  /** Which connection this was learnt on; another connection may lead to a server that lost writes. */
  readonly epoch: number;
}

export interface Claim {
  readonly kind: 'claiming';
  /** The takeover happens only while the head still is this text. */
  readonly expectedHead: string | null;
  /** The position that instances may go on from; null: nobody may. */
  readonly link: Position | null;
  /** The floors that stay; null: every L2 value of before is refused. */
  readonly keptFloors: Pick<Head, 'floor' | 'tableFloors'> | null;
  /** Where reading goes on; null: from the present, because everybody resets. */
  readonly cursor: Cursor | null;
  /** The new generation must be greater than all that were seen. */
  readonly atLeast: number;
}

export type Idle =
  | { readonly kind: 'observing'; readonly seen: string | null; readonly unchanged: number }
  /** The outcome of a script is unknown: the head may be any of these texts of ours. */
  | { readonly kind: 'unsure'; readonly mine: readonly string[] };

/** A head under which no round was done for so many periods belongs to nobody. */
export const patience = 6;

/**
 * Sequences do not get so far; a head beyond was not written by a sidecar. Taken as the one to exceed, it would leave no
 * room: past 2^53 nobody can read a head any more.
 */
export const believableGeneration: number = 2 ** 52;

export const startObserving: Idle = { kind: 'observing', seen: null, unchanged: 0 };

/** Without a memory: stand by while somebody else gets rounds done, else claim what Redis holds. */
export function observe(state: Idle, observed: Observed): Idle | Claim {
  const { headText, cursor, leftHead } = observed;
  const head = headText === null ? undefined : parseHead(headText);
  if (headText === null || head === undefined) return claimNothing(headText, 0);
  if (head.position.generation > believableGeneration) return claimNothing(headText, 0);

  const isMine = state.kind === 'unsure' && state.mine.includes(headText);
  // What was said on the bus proves nothing: at worst it is a takeover too early, by the same compare-and-set as any.
  const isLeft = headText === leftHead;
  // A look that a wrong word caused came before its time, and is not counted.
  if (!isMine && !isLeft && leftHead !== undefined) return state;
  const unchanged = countUnchanged(state, head);
  if (!isMine && !isLeft && unchanged < patience) return { kind: 'observing', seen: headText, unchanged };
  if (cursor === null) return claimNothing(headText, head.position.generation);
  return {
    kind: 'claiming',
    expectedHead: headText,
    link: head.position,
    keptFloors: head,
    cursor,
    atLeast: head.position.generation,
  };
}

/** A claim came too late. If rounds were only begun meanwhile, the next look claims again: patience was shown already. */
export function afterRefusal({ expectedHead }: Claim): Idle {
  return { kind: 'observing', seen: expectedHead, unchanged: patience - 1 };
}

/** Looks in a row between which no round was done. */
function countUnchanged(state: Idle, head: Head): number {
  if (state.kind !== 'observing' || state.seen === null) return 0;
  const before = parseHead(state.seen);
  return before !== undefined && isSameProgress(before, head) ? state.unchanged + 1 : 0;
}

/**
 * With a memory, but the head is another one than was left there, or stands on another connection. A later generation
 * belongs to somebody else. Anything else is a Redis that lost writes: instances may have applied what it lost, so the
 * history goes on from the memory, in a new generation. Only where the position is the same was no UNLINK lost.
 */
export function claimFromMemory(memory: Memory, headText: string | null): Idle | Claim {
  const head = headText === null ? undefined : parseHead(headText);
  const mine = memory.head.position;
  if (head !== undefined && head.position.generation > mine.generation) return startObserving;
  const isSamePosition =
    head?.position.generation === mine.generation && head.position.sequence === mine.sequence;
  return {
    kind: 'claiming',
    expectedHead: headText,
    link: mine,
    keptFloors: isSamePosition ? memory.head : null,
    cursor: memory.cursor,
    atLeast: mine.generation,
  };
}

/** Nobody can know what happened before: every instance resets, every L2 value is refused. */
export function claimNothing(expectedHead: string | null, atLeast: number): Claim {
  return { kind: 'claiming', expectedHead, link: null, keptFloors: null, cursor: null, atLeast };
}

/** The head that a claim leaves behind. */
export function claimedHead(claim: Claim, generation: number, watchHash: string): Head {
  const position = { generation, sequence: 0 };
  const kept = claim.keptFloors;
  // A floor above the head itself was not put there by a round, and would refuse every value for ever.
  const tableFloors = [...(kept?.tableFloors ?? [])].map(([table, at]): [string, Position] => [
    table,
    comparePositions(at, position) > 0 ? position : at,
  ]);
  return {
    position,
    floor: Math.min(kept?.floor ?? generation, generation),
    begun: 0,
    done: 0,
    watchHash,
    tableFloors: new Map(tableFloors),
  };
}
