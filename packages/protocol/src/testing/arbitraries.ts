// What may stand in heads, records and keys, for tests by property. Texts lean towards what breaks formats: quotes,
// separators, escapes, names of Object.prototype, half a surrogate pair.
import * as fc from 'fast-check';
import type { Changes } from '../wire/changes.ts';
import type { Head } from '../wire/head.ts';
import type { Key } from '../wire/key.ts';
import type { Position } from '../wire/position.ts';
import type { LogRecord } from '../wire/record.ts';

const awkward = fc.constantFrom(
  '',
  ' ',
  '"',
  '\\',
  '"x":null',
  '\\"x\\":null',
  ':',
  '%',
  '%3A',
  '%25',
  '\n',
  '\u0000',
  '\u2028',
  'null',
  '__proto__',
  'constructor',
  'é😀',
  '\uD800',
);

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  awkward,
  fc.array(fc.oneof(awkward, fc.string()), { maxLength: 4 }).map((parts) => parts.join('')),
);

const count = fc.oneof(fc.nat(), fc.constantFrom(0, 1, 2 ** 31, 9_007_199_254_740_991));

export const position: fc.Arbitrary<Position> = fc.record({ generation: count, sequence: count });

/** No backslash: V8 13 takes the object key `"\n"` for a `"\\"` that it parsed before, and tables are object keys. */
export const table: fc.Arbitrary<string> = fc
  .oneof(fc.constantFrom('public.item', 'a.policies', '__proto__', 'public."odd name"'), text)
  .filter((name) => !name.includes('\\'));

export const changes: fc.Arbitrary<Changes> = fc
  .uniqueArray(fc.tuple(table, fc.option(fc.array(text, { maxLength: 8 }))), {
    maxLength: 4,
    selector: ([name]) => name,
  })
  .map((entries) => new Map(entries));

export const record: fc.Arbitrary<LogRecord> = fc.record({
  position,
  previous: fc.option(position),
  changes,
});

export const head: fc.Arbitrary<Head> = fc.record({
  position,
  floor: count,
  begun: count,
  done: count,
  watchHash: fc.stringMatching(/^[\w.-]{1,80}$/),
  tableFloors: fc
    .uniqueArray(fc.tuple(table, position), { maxLength: 4, selector: ([name]) => name })
    .map((entries) => new Map(entries)),
});

const part = fc.oneof(text, fc.integer(), fc.double({ noNaN: true }));

export const key: fc.Arbitrary<Key> = fc.oneof(
  text,
  fc.integer(),
  fc.array(part, { minLength: 1, maxLength: 4 }),
);

/** What a stranger may have put where Tidemark reads: any text, any JSON, a real text with a few characters changed. */
export function hostile(real: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    text,
    fc.json(),
    fc.tuple(real, fc.nat(), text).map(([whole, at, put]) => {
      const index = at % (whole.length + 1);
      return whole.slice(0, index) + put + whole.slice(index + 1);
    }),
    fc.tuple(real, fc.nat()).map(([whole, length]) => whole.slice(0, length % (whole.length + 1))),
  );
}
