import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { parseInput, parseRow, parseRowWithJson } from './parse.ts';

const schema = z.strictObject(
  {
    name: z.string({ error: 'must be a text' }),
    'odd name': z.array(z.int({ error: 'must be an integer' })).exactOptional(),
    on: z.boolean({ error: 'must be true or false' }).exactOptional(),
  },
  { error: 'must be an object' },
);

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

function circle(): unknown {
  const value: Record<string, unknown> = {};
  return Object.assign(value, { one: value, other: value });
}

describe('an input', () => {
  test.each([
    [{ name: 3 }, 'name must be a text, got 3'],
    [{ name: true }, 'name must be a text, got true'],
    [{ name: null }, 'name must be a text, got null'],
    [{}, 'name must be a text, got nothing'],
    [{ name: [] }, 'name must be a text, got a list'],
    [{ name: new Date() }, 'name must be a text, got an object'],
    [{ name: () => 0 }, 'name must be a text, got a function'],
    [{ name: 'n', 'odd name': [1, 'two'] }, '["odd name"][1] must be an integer, got "two"'],
    [{ name: 'n', on: 'x'.repeat(61) }, `on must be true or false, got "${'x'.repeat(60)}"…`],
    [{ name: 'n', more: 1, evenMore: 2 }, 'thing must hold known fields only, got "more", "evenMore"'],
    ['n', 'thing must be an object, got "n"'],
    [undefined, 'thing must be an object, got nothing'],
    [{ name: 1, on: 2 }, 'name must be a text, got 1; on must be true or false, got 2'],
  ])('%j is refused by name, rule and value', (input, message) => {
    expect(() => parseInput(schema, 'thing', input)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message }),
    );
  });

  test('has absent fields where undefined was given, at any depth, but not where null was', () => {
    expect(Object.keys(parseInput(schema, 'thing', { name: 'n', on: undefined }))).toEqual(['name']);
    expect(() => parseInput(schema, 'thing', { name: 'n', on: null })).toThrow(
      'on must be true or false, got null',
    );
  });

  test.each([
    ['20,000 lists in each other', () => nested(20_000, (inner) => [inner])],
    ['20,000 objects in each other', () => nested(20_000, (inner) => ({ inner }))],
    ['101 lists in each other', () => nested(101, (inner) => [inner])],
    ['an object that holds itself, twice', circle],
  ])('is refused as too deep: %s', (_, make) => {
    const message = 'thing must be nested 100 times at most, got more';
    expect(() => parseInput(z.unknown(), 'thing', make())).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message }),
    );
  });

  test('may be 100 levels deep', () => {
    const deep = nested(100, (inner) => [inner]);
    expect(parseInput(z.unknown(), 'thing', deep)).toEqual(deep);
  });

  test('keeps what is no plain object as it is', () => {
    const date = new Date(0);
    expect(parseInput(z.object({ at: z.date() }), 'thing', { at: date })).toEqual({ at: date });
  });
});

describe('a row', () => {
  test('has absent fields where SQL says null', () => {
    expect(Object.keys(parseRow(schema, 'public.things of "t"', { name: 'n', on: null }))).toEqual(['name']);
  });

  test('keeps null in lists, where leaving it out would move the others', () => {
    expect(() => parseRow(schema, 'public.things of "t"', { name: 'n', 'odd name': [1, null] })).toThrow(
      expect.objectContaining({
        code: 'ROW_INVALID',
        message: `the row in public.things of "t" can't be used: ["odd name"][1] must be an integer, got null`,
      }),
    );
  });

  test('is refused when it is too deep', () => {
    const row = { name: nested(20_000, (inner) => [inner]) };
    expect(() => parseRow(schema, 'public.things of "t"', row)).toThrow(
      expect.objectContaining({ code: 'ROW_INVALID' }),
    );
  });

  test('with JSON of its users keeps null inside of a column, where it is a value', () => {
    const columns = { metadata: { a: null, b: { c: null } }, name: null };
    const row = z.object({ metadata: z.unknown(), name: z.string().exactOptional() });
    expect(parseRowWithJson(row, 'public.things of "t"', columns)).toStrictEqual({
      metadata: { a: null, b: { c: null } },
    });
  });
});
