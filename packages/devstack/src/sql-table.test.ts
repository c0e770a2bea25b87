import type { FieldDef } from 'pg';
import { expect, test } from 'vitest';
import { formatResult } from './sql-table.ts';

function fields(...names: string[]): FieldDef[] {
  return names.map((name) => ({ name }) as FieldDef);
}

test('rows become a table with aligned columns and a count', () => {
  const rows = [
    ['1', 'short'],
    ['22', null],
  ];
  expect(
    formatResult({ command: 'SELECT', fields: fields('id', 'a name'), rows, rowCount: 2 }).split('\n'),
  ).toEqual(['id | a name', '---+-------', '1  | short', '22 | null', '(2 rows)']);
});

test('one row is a row, none are rows', () => {
  expect(formatResult({ command: 'SELECT', fields: fields('id'), rows: [['1']], rowCount: 1 })).toContain(
    '(1 row)',
  );
  expect(formatResult({ command: 'SELECT', fields: fields('id'), rows: [], rowCount: 0 })).toContain(
    '(0 rows)',
  );
});

test('a change says to how many rows, DDL only what it was', () => {
  expect(formatResult({ command: 'UPDATE', fields: [], rows: [], rowCount: 3 })).toBe('UPDATE 3');
  expect(formatResult({ command: 'CREATE', fields: [], rows: [], rowCount: null })).toBe('CREATE');
});

test('a long value is cut, and a line break does not break the table', () => {
  const text = formatResult({
    command: 'SELECT',
    fields: fields('x'),
    rows: [[`a\n${'b'.repeat(200)}`]],
    rowCount: 1,
  });
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toContain('a\\nbbb');
  expect(text).toContain('b…');
});
