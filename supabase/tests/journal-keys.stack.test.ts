// The key of a row: how it becomes text, and what happens when there is none.
import { array, assert, asyncProperty, oneof, string, stringMatching } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeKey } from '../../packages/protocol/src/index.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterAll(() => database.close());

// PostgreSQL refuses NUL and lone surrogates in a text.
const part = string({ unit: 'binary', maxLength: 12 }).filter(
  (text) => !text.includes('\0') && text.isWellFormed(),
);
const spicyPart = oneof(part, stringMatching(/^[%:A3a25]{0,8}$/));

test('SQL and TypeScript encode the same key to the same text', async () => {
  await assert(
    asyncProperty(array(spicyPart, { minLength: 1, maxLength: 4 }), async (parts) => {
      const [row] = await database.sql(
        'select tidemark.encode_key($1::text) as one, tidemark.encode_key($2::text[]) as several',
        [parts[0], parts],
      );
      expect(row).toEqual({ one: encodeKey(parts[0] ?? ''), several: encodeKey(parts) });
    }),
    { numRuns: 200 },
  );
});

test('an array is a tuple of parts, and separators inside parts do not collide', async () => {
  const table = await database.table('tenant text, user_id text');
  await database.track(table, 'array[tenant, user_id]');
  expect(
    await database.journaled(table, () =>
      database.sql(`insert into ${table} values ('a:b', 'c'), ('a', 'b:c'), ('50%', 'd')`),
    ),
  ).toEqual([['50%25:d', 'a%3Ab:c', 'a:b%3Ac']]);
});

test('a part of any type is written as PostgreSQL writes it', async () => {
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const table = await database.table('id uuid, number bigint, flag boolean, data jsonb');
  await database.track(table, `array[id::text, number::text, flag::text, data ->> 'name']`);
  expect(
    await database.journaled(table, () =>
      database.sql(`insert into ${table} values ('${id}', 42, true, '{"name": "x:y"}')`),
    ),
  ).toEqual([[`${id}:42:true:x%3Ay`]]);

  const scalar = await database.trackedTable('id uuid');
  expect(
    await database.journaled(scalar, () => database.sql(`insert into ${scalar} values ('${id}')`)),
  ).toEqual([[id]]);
});

test('the key of a date, a float or a bytea does not depend on the settings of the session', async () => {
  const table = await database.table('at timestamptz, day date, weight double precision, raw bytea');
  await database.track(table, 'array[at::text, day::text, weight::text, raw::text]');
  const row = `('2026-02-01 12:00+00', '2026-02-01', 0.1::float8 + 0.2::float8, '\\x0aff')`;
  const journaled = await database.journaled(table, async () => {
    await database.sql(`insert into ${table} values ${row}`);
    await database.sql(`
      begin;
      set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local extra_float_digits = -3;
      set local bytea_output = 'escape';
      insert into ${table} values ${row};
      commit
    `);
  });
  expect(journaled).toHaveLength(2);
  expect(journaled[1]).toEqual(journaled[0]);
});

test('a row without a key names the whole table', async () => {
  const table = await database.trackedTable('id text, value integer');
  expect(
    await database.journaled(table, () => database.sql(`insert into ${table} values ('a', 1), (null, 1)`)),
  ).toEqual([null]);

  const tuple = await database.table('tenant text, user_id text');
  await database.track(tuple, 'array[tenant, user_id]');
  expect(
    await database.journaled(tuple, () => database.sql(`insert into ${tuple} values ('a', null)`)),
  ).toEqual([null]);
});

test('a column may have the name of anything the trigger function uses', async () => {
  const columns = ['touched', 'new_rows', 'old_rows', 'tg_op', 'tbl', 'keys', 'key'];
  const table = await database.table(columns.map((name) => `${name} text`).join(', '));
  await database.track(table, `array[${columns.join(', ')}]`);
  const values = columns.map((_, index) => `'${index}'`).join(', ');
  expect(
    await database.journaled(table, async () => {
      await database.sql(`insert into ${table} values (${values})`);
      await database.sql(`update ${table} set touched = 'x'`);
    }),
  ).toEqual([['0:1:2:3:4:5:6'], ['0:1:2:3:4:5:6', 'x:1:2:3:4:5:6']]);
});

test('a key that can not be computed does not fail the statement, and names the whole table', async () => {
  const table = await database.table('id text, data jsonb');
  await database.track(table, `(data ->> 'number')::integer`);
  expect(
    await database.journaled(table, () =>
      database.sql(`insert into ${table} values ('a', '{"number": "many"}')`),
    ),
  ).toEqual([null]);
});

test('a key whose column is renamed does not fail the statement, and the watch says what is wrong', async () => {
  const table = await database.trackedTable();
  await database.sql(`alter table ${table} rename column id to identity`);
  expect(
    await database.journaled(table, () => database.sql(`insert into ${table} (identity) values ('a')`)),
  ).toEqual([null]);
  expect(await database.problemOf(table)).toMatch(/the key 'id' of .* needs columns that are gone .*\(id\)/);
});

test('a key whose column changes its type is a problem', async () => {
  const table = await database.trackedTable('id integer');
  await database.sql(`alter table ${table} alter column id type numeric(10, 2)`);
  expect(await database.problemOf(table)).toMatch(/the key 'id' of .* another type \(id\)/);
});
