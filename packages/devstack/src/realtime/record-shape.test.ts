import { expect, test } from 'vitest';
import type { Change } from './decoding.ts';
import { jsonObject, jsonValue } from './json-value.ts';
import { shapeChange } from './record-shape.ts';
import type { ColumnShape, TableShape } from './table-shape.ts';

function column(name: string, type: string, more: Partial<ColumnShape> = {}): ColumnShape {
  const selectableBy = new Set(['authenticated']);
  return {
    name,
    typeName: type,
    sqlType: type,
    baseTypeName: type,
    category: 'U',
    isKey: false,
    selectableBy,
    ...more,
  };
}

const shape: TableShape = {
  oid: 1,
  schema: 's',
  table: 't',
  hasRowSecurity: false,
  columns: [column('id', 'int4', { isKey: true }), column('note', 'text'), column('v', 'int8')],
};

function change(more: Partial<Change>): Change {
  return {
    type: 'UPDATE',
    tableOid: 1,
    schema: 's',
    table: 't',
    isFullIdentity: false,
    keyColumns: ['id'],
    new: { id: '1', note: 'n', v: '9007199254740993' },
    old: undefined,
    committedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

function data(
  of: Partial<Change>,
  how: { shape?: TableShape; role?: string; select?: string[] } = {},
): Record<string, unknown> {
  const shaped = shapeChange({
    change: change(of),
    shape: how.shape ?? shape,
    audience: { role: how.role ?? 'authenticated', select: how.select },
    jsonOf: (each, text) => jsonValue(each, text) ?? 'null',
  });
  return JSON.parse(shaped.data) as Record<string, unknown>;
}

test('a number keeps all its digits, and the keys are in the order of jsonb', () => {
  const text = jsonObject([
    ['note', '"n"'],
    ['v', '9007199254740993'],
    ['id', '1'],
  ]);
  expect(text).toBe('{"v": 9007199254740993, "id": 1, "note": "n"}');
});

test('an update that leaves the key alone names it as the old record', () => {
  expect(data({})).toMatchObject({ old_record: { id: 1 }, record: { id: 1, note: 'n' }, errors: null });
});

test('a large value that did not change is missing from the record', () => {
  expect(data({ new: { id: '1', note: undefined, v: '2' } })['record']).toEqual({ id: 1, v: 2 });
});

test('under row level security a delete carries the key only, whatever the identity', () => {
  const gone = {
    type: 'DELETE',
    new: undefined,
    old: { id: '1', note: 'n', v: '2' },
    isFullIdentity: true,
  } as const;
  expect(data(gone)['old_record']).toEqual({ id: 1, note: 'n', v: 2 });
  expect(data(gone, { shape: { ...shape, hasRowSecurity: true } })['old_record']).toEqual({ id: 1 });
});

test('without SELECT on the key, and without a key, there is an error instead of a record', () => {
  expect(data({}, { role: 'anon' })).toMatchObject({
    columns: [],
    commit_timestamp: null,
    errors: ['Error 401: Unauthorized'],
    record: {},
    old_record: {},
  });
  const keyless = { ...shape, columns: shape.columns.map((each) => ({ ...each, isKey: false })) };
  expect(data({}, { shape: keyless })['errors']).toEqual(['Error 400: Bad Request, no primary key']);
});

test('a record above 1 MiB keeps its short values and says so', () => {
  const large = data({ new: { id: '1', note: 'n'.repeat(1_048_577), v: '2' } });
  expect(large).toMatchObject({ errors: ['Error 413: Payload Too Large'], record: { id: 1, v: 2 } });
  expect(large['record']).not.toHaveProperty('note');
});

test('a binding with select gets these columns only', () => {
  expect(data({}, { select: ['id', 'v'] })).toMatchObject({ columns: [{ name: 'id' }, { name: 'v' }] });
  expect(Object.keys(data({}, { select: ['id', 'v'] })['record'] as object)).toEqual(['v', 'id']);
});

test('a column the role may not select is neither described nor sent', () => {
  const secret = column('note', 'text', { selectableBy: new Set() });
  const partly = { ...shape, columns: [shape.columns[0]!, secret] };
  expect(data({}, { shape: partly })).toMatchObject({ columns: [{ name: 'id' }], record: { id: 1 } });
  expect(data({}, { shape: partly })['record']).not.toHaveProperty('note');
});
