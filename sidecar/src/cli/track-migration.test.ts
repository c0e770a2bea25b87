import { expect, it } from 'vitest';
import { migrationName, migrationSql, type TrackedTable, trackProblems } from './track-migration.ts';

const customers: TrackedTable = {
  table: 'public.customers',
  key: `data->>'id'`,
  prefixes: ['copilot:customers', 'copilot:names'],
  namespace: 'main',
};

const now = new Date('2026-11-21T08:09:10.999Z');

it('a migration calls track with its words as SQL has them', () => {
  expect(trackProblems(customers)).toEqual([]);
  expect(migrationSql(customers)).toContain(`select tidemark.track(
  'public.customers',
  'data->>''id''',
  array['copilot:customers', 'copilot:names']
);`);
  expect(migrationSql({ ...customers, namespace: 'other' })).toContain(`'copilot:names'],\n  'other'\n);`);
});

it('a migration is named by the time and its table', () => {
  const none = { now, existing: [] };
  expect(migrationName(customers, none)).toBe('20261121080910_track_customers.sql');
  expect(migrationName({ ...customers, table: 'app.Big-Orders' }, none)).toBe(
    '20261121080910_track_app_big_orders.sql',
  );
});

it('a migration sorts after all that are there, also after those of the future', () => {
  const existing = ['README.md', '20270101000000_later.sql', '20260101000000_earlier.sql'];
  expect(migrationName(customers, { now, existing })).toBe('20270101000001_track_customers.sql');
});

it.each<[string, Partial<TrackedTable>, RegExp]>([
  ['a table without a schema', { table: 'customers' }, /^TABLE must be/],
  ['a table in quotes', { table: 'public."A"' }, /^TABLE must be/],
  ['no key', { key: '' }, /^--key must be given/],
  ['a prefix with a pattern', { prefixes: ['a*'] }, /^--prefix must be.*got "a\*"/],
  ['a prefix that ends in a colon', { prefixes: ['a:'] }, /^--prefix must be/],
  ['a namespace in capitals', { namespace: 'Main' }, /^--namespace must be/],
])('%s is refused before anything is written', (_name, change, sentence) => {
  expect(trackProblems({ ...customers, ...change })).toEqual([expect.stringMatching(sentence)]);
});
