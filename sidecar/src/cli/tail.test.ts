import { expect, it } from 'vitest';
import { jsonLine, line } from './tail.ts';

const at = new Date('2026-11-21T08:09:10.123Z');
const position = { generation: 2, sequence: 3 };
const previous = { generation: 2, sequence: 2 };

it('a record is a line with its tables and keys, many of them counted', () => {
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
  const changes = new Map([
    ['public.a', keys],
    ['public.b', null],
  ]);
  const heard = { at, namespace: 'main', record: { position, previous, changes } };
  expect(line(heard)).toBe(
    '08:09:10.123  main  2-3  public.a k0, k1, k2, k3, k4, k5, k6, k7 and 2 more; public.b (whole table)',
  );
  expect(JSON.parse(jsonLine(heard))).toEqual({
    at: '2026-11-21T08:09:10.123Z',
    namespace: 'main',
    position: '2-3',
    previous: '2-2',
    changes: { 'public.a': keys, 'public.b': null },
  });
});

it('the first record of a generation says what it goes on from', () => {
  const record = { position, previous, changes: new Map() };
  expect(line({ at, namespace: 'n', record })).toMatch(/ {2}new generation, goes on from 2-2$/);
  expect(line({ at, namespace: 'n', record: { ...record, previous: null } })).toMatch(
    /new generation, linked to nothing: every instance starts anew$/,
  );
});
