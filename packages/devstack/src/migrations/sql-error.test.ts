import { expect, test } from 'vitest';
import { describeSqlError } from './sql-error.ts';

test('an error that points nowhere has a message only', () => {
  expect(describeSqlError({ message: 'no', code: '42501' }, 'select 1')).toEqual({
    message: 'no (42501)',
    line: undefined,
  });
});

test('an error that points somewhere has the line, and the column in it', () => {
  const statement = 'select 1,\n  nope\nfrom t';
  const { line } = describeSqlError({ message: 'no', position: '13' }, statement);
  expect(line).toEqual({ number: 2, text: '  nope', column: 2 });
});

test('characters outside the basic plane count once, as PostgreSQL counts', () => {
  const statement = "select '🌊', nope";
  const { line } = describeSqlError({ message: 'no', position: '13' }, statement);
  expect(statement.slice(line?.column)).toBe('nope');
});

test('detail and hint follow on lines of their own', () => {
  expect(describeSqlError({ message: 'no', detail: 'because', hint: 'try' }, '').message).toBe(
    'no\ndetail: because\nhint: try',
  );
});

test('what is no error of PostgreSQL is said as it is', () => {
  expect(describeSqlError(new Error('broken pipe'), '').message).toBe('broken pipe');
  expect(describeSqlError('text', '').message).toBe('text');
});
