import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPayload, parsePayload } from './payload.ts';

describe('a payload', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(parsePayload(formatPayload(value) ?? '')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('that was cut anywhere is refused', () => {
    const whole = formatPayload({ version: 12, list: [1, 23] }) ?? '';
    for (let length = 0; length < whole.length; length += 1) {
      expect(parsePayload(whole.slice(0, length))).toBeUndefined();
    }
  });

  it.each(['', '7', '{"a":1}', '[]', '[1,2]', '[undefined]'])(
    'is one value in brackets, not %j',
    (foreign) => {
      expect(parsePayload(foreign)).toBeUndefined();
    },
  );

  it.each([
    '[{"__proto__":{"isAdmin":true}}]',
    '[{"a":[{"__proto__":1}]}]',
    String.raw`[{"\u005f_proto__":{"isAdmin":true}}]`,
    String.raw`[{"_\u005Fproto__":{"isAdmin":true}}]`,
  ])('that names __proto__ is refused: %s', (hostile) => {
    expect(parsePayload(hostile)).toBeUndefined();
  });

  it('may hold the text __proto__, as long as nothing is called so', () => {
    expect(parsePayload('["__proto__"]')).toBe('__proto__');
  });

  it('is not made of what has no JSON', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [undefined, 1n, circle, () => 1]) expect(formatPayload(value)).toBeUndefined();
  });
});
