import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, position, text } from '../testing/arbitraries.ts';
import { formatValue, type L2Value, parseValue } from './value.ts';

const value: fc.Arbitrary<L2Value> = fc.record({ notedAt: position, payload: text });
const sample: L2Value = { notedAt: { generation: 3, sequence: 9 }, payload: '{"a":1}' };

describe('an L2 value', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(text, value, (key, one) => {
        expect(parseValue(key, formatValue(key, one))).toEqual(one);
      }),
    );
  });

  it('says its format, when it was noted and whose it is', () => {
    expect(formatValue('copilot:item:k', sample)).toBe('1 3-9 14 copilot:item:k{"a":1}');
  });

  it("under another key is refused: never a wrong tenant's row (R4)", () => {
    fc.assert(
      fc.property(text, text, value, (key, other, one) => {
        fc.pre(key !== other);
        expect(parseValue(other, formatValue(key, one))).toBeUndefined();
      }),
    );
  });

  it('of a key that begins like this one is refused, in both directions (R4)', () => {
    expect(parseValue('item:1', formatValue('item:12', sample))).toBeUndefined();
    expect(parseValue('item:12', formatValue('item:1', { ...sample, payload: '2{}' }))).toBeUndefined();
  });

  it('that was cut before the end of its key is refused', () => {
    const key = 'copilot:item:k';
    const whole = formatValue(key, sample);
    const headLength = whole.length - sample.payload.length;
    for (let length = 0; length < headLength; length += 1) {
      expect(parseValue(key, whole.slice(0, length))).toBeUndefined();
    }
  });

  it.each([
    '2 3-9 1 k{}',
    '0 3-9 1 k{}',
    '10 3-9 1 k{}',
    ' 1 3-9 1 k{}',
    '{"format":1}',
    '1 3 1 k{}',
    '1 3-9 1 ',
  ])('of another format is refused: %j', (foreign) => {
    expect(parseValue('k', foreign)).toBeUndefined();
  });

  it('no text makes the parser throw', () => {
    fc.assert(
      fc.property(text, hostile(value.map((one) => formatValue('k', one))), (key, foreign) => {
        const parsed = parseValue(key, foreign);
        expect(parsed === undefined || foreign.endsWith(parsed.payload)).toBe(true);
      }),
    );
  });
});
