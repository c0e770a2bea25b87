import { describe, expect, test } from 'vitest';
import { compareRow, type Row } from './compare-row.ts';

const none: ReadonlyMap<string, string | null> = new Map();

function compare(value: unknown, row: Row | null, fields = none): string {
  return compareRow(value, row, fields).kind;
}

describe('a value and its row', () => {
  const same: [what: string, value: unknown, stored: unknown][] = [
    ['texts', 'a', 'a'],
    ['numbers', 1.5, 1.5],
    ['booleans', false, false],
    ['null', null, null],
    ['a numeric column that was kept as a text', '1.50', 1.5],
    ['a number that the row has as a text', 7, '7'],
    ['times in two spellings', '2026-11-21T10:00:00.123Z', '2026-11-21T12:00:00.123456+02:00'],
    ['JSON with its names in another order', { a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }],
    ['JSON that leaves out what is null', { a: 1 }, { a: 1, b: null }],
  ];
  test.each(same)('agree in %s', (_what, value, stored) => {
    expect(compare({ someField: value }, { some_field: stored })).toBe('agrees');
  });

  const other: [what: string, value: unknown, stored: unknown][] = [
    ['texts', 'a', 'b'],
    ['numbers', 1, 2],
    ['booleans', true, false],
    ['null against a text', null, 'a'],
    ['a text that is no number', '', 0],
    ['true against its text', true, 'true'],
    ['times', '2026-11-21T10:00:00.123Z', '2026-11-21T10:00:00.124Z'],
    ['lists of another length', [1], [1, 2]],
    ['lists in another order', [1, 2], [2, 1]],
    ['a list against an object', [], {}],
    ['JSON, deep inside', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    ['JSON that lacks a name', { a: 1 }, { a: 1, b: 2 }],
  ];
  test.each(other)('differ in %s', (_what, value, stored) => {
    expect(compare({ someField: value, id: 'x' }, { some_field: stored, id: 'x' })).toBe('differs');
  });

  test('are compared where the name of a column occurs in camelCase, and nowhere else', () => {
    expect(compare({ id: 'a', fullName: 'n', computed: 1 }, { id: 'a', full_name: 'n', secret: 2 })).toBe(
      'agrees',
    );
    expect(compare({ id: 'a', fullName: 'n' }, { id: 'a', full_name: 'm' })).toBe('differs');
  });

  test('are compared by the names that the configuration gives', () => {
    const fields = new Map([
      ['full_name', 'name'],
      ['note', null],
    ]);
    expect(compare({ id: 'a', name: 'n', note: 1 }, { id: 'a', full_name: 'n', note: 2 }, fields)).toBe(
      'agrees',
    );
    expect(compare({ id: 'a', name: 'n' }, { id: 'a', full_name: 'm' }, fields)).toBe('differs');
  });

  test('differ when only one of them is there, and agree when neither is', () => {
    expect(compare(null, { id: 'a' })).toBe('differs');
    expect(compare({ id: 'a' }, null)).toBe('differs');
    expect(compare(null, null)).toBe('agrees');
  });

  test.each([[[1]], ['text'], [7], [{}], [{ other: 1 }]])('%j has nothing to be compared', (value) => {
    expect(compare(value, { id: 'a' })).toBe('incomparable');
  });

  test('a name of the prototype is no field', () => {
    expect(compare({ id: 'a' }, { id: 'a', to_string: 'x', constructor: 'y' })).toBe('agrees');
  });
});
