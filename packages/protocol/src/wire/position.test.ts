import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, position } from '../testing/arbitraries.ts';
import { comparePositions, formatPosition, parsePosition } from './position.ts';

describe('a position', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(position, (at) => {
        expect(parsePosition(formatPosition(at))).toEqual(at);
      }),
    );
  });

  it.each([
    '',
    '1',
    '1-',
    '-1',
    '1-2-3',
    '1-2 ',
    ' 1-2',
    '1.5-2',
    '+1-2',
    '1e3-2',
    'a-b',
    '1-2\n',
    '99999999999999999-1',
    '9007199254740992-1',
    '1-9007199254740992',
  ])('%j is none', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });

  it('no text makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(position.map(formatPosition)), (text) => {
        const at = parsePosition(text);
        expect(at === undefined || (at.generation >= 0 && at.sequence >= 0)).toBe(true);
      }),
    );
  });

  it('of a later generation comes after every position of an earlier one', () => {
    expect(
      comparePositions({ generation: 2, sequence: 0 }, { generation: 1, sequence: 900 }),
    ).toBeGreaterThan(0);
    expect(comparePositions({ generation: 1, sequence: 900 }, { generation: 2, sequence: 0 })).toBeLessThan(
      0,
    );
  });

  it('within a generation follows the sequence as a number, not as text', () => {
    expect(comparePositions({ generation: 1, sequence: 10 }, { generation: 1, sequence: 9 })).toBeGreaterThan(
      0,
    );
    expect(comparePositions({ generation: 1, sequence: 9 }, { generation: 1, sequence: 9 })).toBe(0);
  });

  it('is compared alike from both sides, and the order has no circles', () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        expect(Math.sign(comparePositions(a, b))).toBe(0 - Math.sign(comparePositions(b, a)));
        const [first, second, third] = [a, b, c].sort(comparePositions);
        if (first === undefined || second === undefined || third === undefined)
          throw new Error('three went in');
        expect(comparePositions(first, second)).toBeLessThanOrEqual(0);
        expect(comparePositions(first, third)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
