import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { head, hostile, position, table } from '../testing/arbitraries.ts';
import { formatHead, type Head, isAboveFloors, isSameProgress, parseHead } from './head.ts';
import type { Position } from './position.ts';

const plain: Head = {
  position: { generation: 7, sequence: 12 },
  floor: 5,
  begun: 31,
  done: 30,
  watchHash: 'abc123',
  tableFloors: new Map([['public.item', { generation: 7, sequence: 4 }]]),
};

function at(generation: number, sequence: number): Position {
  return { generation, sequence };
}

describe('a head', () => {
  it('is written with generation and sequence in front, where the fill script looks for them', () => {
    expect(formatHead(plain)).toBe('7 12 5 31 30 abc123 {"public.item":"7-4"}');
  });

  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(head, (one) => {
        expect(parseHead(formatHead(one))).toEqual(one);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a missing number', '7 12 5 31 abc123 {}'],
    ['a negative number', '7 -12 5 31 30 abc123 {}'],
    ['no floors', '7 12 5 31 30 abc123'],
    ['floors that are no object', '7 12 5 31 30 abc123 []'],
    ['floors that are no JSON', '7 12 5 31 30 abc123 {x}'],
    ['a floor that is no position', '7 12 5 31 30 abc123 {"public.item":"7"}'],
    ['a floor that is no text', '7 12 5 31 30 abc123 {"public.item":7}'],
    ['a hash with a space', '7 12 5 31 30 abc 123 {}'],
    ['something after it', '7 12 5 31 30 abc123 {} x'],
  ])('with %s is no head at all: nothing may be proved by half of one (R1)', (_what, text) => {
    expect(parseHead(text)).toBeUndefined();
  });

  it('no text makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(head.map(formatHead)), (text) => {
        const parsed = parseHead(text);
        expect(parsed === undefined || Number.isFinite(parsed.position.generation)).toBe(true);
      }),
    );
  });
});

describe('two sights of a head', () => {
  it('are the same progress while rounds are only begun between them (R6)', () => {
    expect(isSameProgress(plain, { ...plain, begun: 45 })).toBe(true);
    expect(isSameProgress(plain, { ...plain, begun: 45, done: 31 })).toBe(false);
  });

  it('are not the same progress when another publisher has it, or Redis went back', () => {
    expect(isSameProgress(plain, { ...plain, position: at(8, 0) })).toBe(false);
    expect(isSameProgress(plain, { ...plain, position: at(7, 11) })).toBe(false);
  });
});

describe('the floors of a head', () => {
  it('let a value through that was noted at or after them', () => {
    expect(isAboveFloors(plain, at(7, 4), ['public.item'])).toBe(true);
    expect(isAboveFloors(plain, at(7, 5), ['public.item'])).toBe(true);
  });

  it('refuse a value that was noted before its table changed as a whole (R2)', () => {
    expect(isAboveFloors(plain, at(7, 3), ['public.item'])).toBe(false);
    expect(isAboveFloors(plain, at(6, 900), ['public.item'])).toBe(false);
  });

  it('refuse a value that any one of its tables has overtaken (R2)', () => {
    expect(isAboveFloors(plain, at(7, 3), ['public.other', 'public.item'])).toBe(false);
  });

  it('leave the values of other tables alone', () => {
    expect(isAboveFloors(plain, at(7, 3), ['public.other'])).toBe(true);
  });

  it('refuse every value of a generation before the floor, whatever its table (R1)', () => {
    expect(isAboveFloors(plain, at(4, 900), ['public.other'])).toBe(false);
    expect(isAboveFloors(plain, at(5, 0), ['public.other'])).toBe(true);
  });

  it('once a value is refused, everything noted earlier is refused too', () => {
    fc.assert(
      fc.property(head, position, fc.array(table, { maxLength: 3 }), (one, notedAt, tables) => {
        fc.pre(!isAboveFloors(one, notedAt, tables) && notedAt.sequence > 0);
        expect(isAboveFloors(one, { ...notedAt, sequence: notedAt.sequence - 1 }, tables)).toBe(false);
      }),
    );
  });
});
