import { describe, expect, test } from 'vitest';
import { asPostgrestError, isConnectionError } from './postgrest-errors.ts';

function statusOf(code: string): unknown {
  const mapped = asPostgrestError({ code, message: 'said' }) as { code: string; detail?: string };
  return mapped.code === 'PGRST'
    ? (JSON.parse(mapped.detail ?? '{}') as { status: number }).status
    : 'left to lite';
}

describe('an error of PostgreSQL', () => {
  test.each([
    ['08006', 503],
    ['0LP01', 403],
    ['23514', 400],
    ['23P01', 400],
    ['25P02', 500],
    ['40001', 500],
    ['40P01', 500],
    ['53300', 503],
    ['53400', 500],
    ['57014', 500],
    ['57P01', 503],
    ['P0001', 400],
    ['P0002', 500],
    ['XX000', 500],
    ['ZZ999', 400],
    ['42501', 'left to lite'],
    ['22P02', 'left to lite'],
    ['23505', 'left to lite'],
    ['PT418', 'left to lite'],
  ])('%s gets the status of PostgREST: %s', (code, expected) => {
    expect(statusOf(code)).toBe(expected);
  });

  test('keeps its code, message, detail and hint', () => {
    const mapped = asPostgrestError({ code: '23514', message: 'm', detail: 'd', hint: 'h' }) as {
      message: string;
    };
    expect(JSON.parse(mapped.message)).toEqual({ code: '23514', message: 'm', details: 'd', hint: 'h' });
  });
});

test('a lost connection is 503 with the code PostgREST has for it', () => {
  const mapped = asPostgrestError({ code: 'ECONNREFUSED', message: 'refused' }) as {
    message: string;
    detail: string;
  };
  expect(JSON.parse(mapped.message)).toMatchObject({ code: 'PGRST001' });
  expect(JSON.parse(mapped.detail)).toMatchObject({ status: 503 });
  expect(isConnectionError({ code: 'CONNECTION_CLOSED' })).toBe(true);
  expect(isConnectionError(new Error('something else'))).toBe(false);
});

test('what is no error of PostgreSQL stays as it is', () => {
  const error = new Error('a bug');
  expect(asPostgrestError(error)).toBe(error);
  expect(asPostgrestError(undefined)).toBeUndefined();
});
