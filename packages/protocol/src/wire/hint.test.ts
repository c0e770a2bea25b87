import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, text } from '../testing/arbitraries.ts';
import { formatHint, type Hint, parseHint } from './hint.ts';

const hint: fc.Arbitrary<Hint> = fc.oneof(
  fc.record({
    kind: fc.constant('changed' as const),
    sender: text,
    prefix: text,
    keys: fc.option(fc.array(text, { maxLength: 5 })),
  }),
  fc.record({ kind: fc.constant('prefix' as const), table: text, prefix: text }),
  fc.record({ kind: fc.constant('leaving' as const), head: text }),
);

describe('a hint', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(hint, (one) => {
        expect(parseHint(formatHint(one))).toEqual(one);
      }),
    );
  });

  it('carries no more than this version knows', () => {
    expect(parseHint('{"kind":"prefix","table":"t","prefix":"p","position":"9-9"}')).toEqual({
      kind: 'prefix',
      table: 't',
      prefix: 'p',
    });
  });

  it.each([
    '',
    'null',
    '1',
    '[]',
    '{}',
    '{"kind":"changed"}',
    '{"kind":"changed","sender":"s","prefix":"p"}',
    '{"kind":"changed","sender":1,"prefix":"p","keys":null}',
    '{"kind":"changed","sender":"s","keys":null}',
    '{"kind":"changed","sender":"s","prefix":"p","keys":"k"}',
    '{"kind":"changed","sender":"s","prefix":"p","keys":[1]}',
    '{"kind":"prefix","prefix":"p"}',
    '{"kind":"leaving"}',
    '{"kind":"leaving","head":1}',
    '{"kind":"other","sender":"s","prefix":"p","keys":null}',
  ])('%s is none', (message) => {
    expect(parseHint(message)).toBeUndefined();
  });

  it('no text makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(hint.map(formatHint)), (message) => {
        const parsed = parseHint(message);
        if (parsed === undefined) return;
        expect(typeof (parsed.kind === 'leaving' ? parsed.head : parsed.prefix)).toBe('string');
      }),
    );
  });
});
