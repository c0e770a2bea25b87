// The tables of the round in docs/SPEC.md say what the code does: each cell is computed, put into words, and compared.
import { comparePositions, type Cursor, formatHead, type Head } from '@tidemark/protocol';
import { expect, test } from 'vitest';
import {
  type Claim,
  claimFromMemory,
  type Idle,
  type Memory,
  observe,
  patience,
} from '../../packages/engine/src/publish/claim.ts';
import { readTable, type Table } from './spec-page.ts';

function headAt(generation: number, sequence: number, begun = 8): Head {
  return {
    position: { generation, sequence },
    floor: 3,
    begun,
    done: begun,
    watchHash: 'w',
    tableFloors: new Map(),
  };
}

const cursor: Cursor = { snapshot: '9', server: 's', watchHash: 'w' };
const head = headAt(5, 2);
const headText = formatHead(head);

/** @param linked what the position of `head` is there: of the head that was found, or of the memory */
function describeDecision(decision: Idle | Claim, linked: 'the head' | 'the memory'): string {
  if (decision.kind !== 'claiming') return 'stands by';
  const { link, keptFloors, cursor: from } = decision;
  // What a claim links to, it goes on reading from.
  expect(from).toEqual(link === null ? null : cursor);
  if (link === null) return 'claims, linked to nothing';
  expect(comparePositions(link, head.position)).toBe(0);
  return `claims, linked to ${linked}${keptFloors === null ? '' : ', L2 values stay'}`;
}

test('the table of a publisher without a memory says what it does about what it finds (R2)', () => {
  const moved = formatHead(headAt(5, 2, 9));
  const begun = formatHead({ ...head, begun: 9 });
  const seen = (text: string, unchanged: number): Idle => ({ kind: 'observing', seen: text, unchanged });
  const unsure = (mine: string): Idle => ({ kind: 'unsure', mine: [mine] });
  const decide = (state: Idle, text: string | null, stored: Cursor | null = cursor): string =>
    describeDecision(observe(state, { headText: text, cursor: stored }), 'the head');
  const first = seen(headText, 0);
  const still = seen(headText, patience - 1);
  const computed: Table = {
    'no head': { observing: decide(first, null), unsure: decide(unsure(headText), null) },
    'an unreadable head': { observing: decide(first, 'x'), unsure: decide(unsure(headText), 'x') },
    'another head than before, none of its own': {
      observing: decide(still, moved),
      unsure: decide(unsure(headText), moved),
    },
    'the head of before, not yet for six periods': {
      observing: decide(seen(headText, patience - 2), headText),
      unsure: '-',
    },
    'the head of before, for six periods': { observing: decide(still, headText), unsure: '-' },
    'the same, with rounds begun and none done': { observing: decide(still, begun), unsure: '-' },
    'the head that its publisher says to have left': {
      observing: describeDecision(observe(first, { headText, cursor, leftHead: headText }), 'the head'),
      unsure: '-',
    },
    'another head than the one said to be left': {
      observing:
        observe(still, { headText, cursor, leftHead: moved }) === still
          ? 'stands by, and does not count the look'
          : 'counts the look',
      unsure: '-',
    },
    'the same without a cursor': { observing: decide(still, headText, null), unsure: '-' },
    'a head of its own': { observing: '-', unsure: decide(unsure(headText), headText) },
    'a head of its own without a cursor': {
      observing: '-',
      unsure: decide(unsure(headText), headText, null),
    },
  };
  expect(patience).toBe(6);
  expect(readTable('Round', ['found', 'observing', 'unsure'])).toEqual(computed);
});

test('the table of a publisher with a memory says what it does about another head (R2)', () => {
  const memory: Memory = { head, headText, cursor, epoch: 1 };
  const decide = (found: Head | string | null): { working: string } => {
    const text = found === null || typeof found === 'string' ? found : formatHead(found);
    return { working: describeDecision(claimFromMemory(memory, text), 'the memory') };
  };
  const computed: Table = {
    'no head': decide(null),
    'an unreadable head': decide('x'),
    'the same position': decide(headAt(5, 2, 7)),
    'another position of its generation': decide(headAt(5, 1)),
    'an earlier generation': decide(headAt(4, 9)),
    'a later generation': decide(headAt(6, 0)),
  };
  expect(decide(headAt(5, 3))).toEqual(computed['another position of its generation']);
  expect(readTable('Round', ['found', 'working'])).toEqual(computed);
});
