import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changes, hostile, table, text } from '../testing/arbitraries.ts';
import { changeNeedles, formatChanges, parseChanges, toChanges } from './changes.ts';

/** What the fill script does with the needles. */
function isFound(formatted: string, needles: readonly string[]): boolean {
  return needles.some((needle) => formatted.includes(needle));
}

describe('changes', () => {
  it('come back from their text as they were', () => {
    fc.assert(
      fc.property(changes, (some) => {
        expect(parseChanges(formatChanges(some))).toEqual(some);
      }),
    );
  });

  it('of a table called __proto__ are not lost', () => {
    const some = new Map([['__proto__', ['a']]]);
    expect(parseChanges(formatChanges(some))).toEqual(some);
  });

  it.each(['', 'null', '1', '"x"', '[]', '{"t":1}', '{"t":["a",1]}', '{"t":{}}', '{"t":"a"}', '{'])(
    '%j are none',
    (formatted) => {
      expect(parseChanges(formatted)).toBeUndefined();
    },
  );

  it('no text and no value makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(changes.map(formatChanges)), fc.anything(), (formatted, value) => {
        const parsed = parseChanges(formatted);
        expect(parsed === undefined || parsed instanceof Map).toBe(true);
        const made = toChanges(value);
        expect(made === undefined || made instanceof Map).toBe(true);
      }),
    );
  });
});

describe('the needles of a fill', () => {
  const keyOrHuge = fc.oneof(
    { weight: 9, arbitrary: text },
    { weight: 1, arbitrary: text.map((one) => `${one}x`.repeat(5_000).slice(0, 10_000)) },
  );

  it('find every record that names the key, whatever it is made of (R2)', () => {
    fc.assert(
      fc.property(changes, table, keyOrHuge, fc.array(text, { maxLength: 4 }), (others, own, key, more) => {
        const formatted = formatChanges(new Map([...others, [own, [...more, key]]]));
        expect(isFound(formatted, changeNeedles([own], key))).toBe(true);
      }),
    );
  });

  it('find every record that names the whole table, be it one of several (R2)', () => {
    fc.assert(
      fc.property(changes, table, table, text, (others, own, second, key) => {
        const formatted = formatChanges(new Map([...others, [own, null]]));
        expect(isFound(formatted, changeNeedles([second, own], key))).toBe(true);
      }),
    );
  });

  it('pass over a record of another key, also one that contains this key', () => {
    const formatted = formatChanges(new Map([['public.item', ['tenant-10', 'a-tenant-1']]]));
    expect(isFound(formatted, changeNeedles(['public.item'], 'tenant-1'))).toBe(false);
  });

  it('pass over the whole of another table, also one whose name ends like this one', () => {
    const formatted = formatChanges(new Map([['public.my.item', null]]));
    expect(isFound(formatted, changeNeedles(['my.item', 'item'], 'k'))).toBe(false);
  });

  it('cannot be forged by a key: no key looks like "the whole table"', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const forged = `${before}"public.item":null${after}`;
        const formatted = formatChanges(new Map([['public.other', [forged]]]));
        expect(isFound(formatted, changeNeedles(['public.item'], 'k\u0001'))).toBe(false);
      }),
    );
  });
});
