// Tracking a table and ceasing to: what is refused, what is replaced, what is left.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const published = (table: string): Promise<unknown[]> =>
  database.sql(
    `select from pg_publication_tables where pubname = 'supabase_realtime' and schemaname || '.' || tablename = $1`,
    [table],
  );

describe('what is refused', () => {
  test.each([
    ['app.nothing', 'there is no table app.nothing'],
    ['nothing', 'there is no table nothing'],
    ['app.seen', 'app.seen is a view'],
    ['app.kept', 'app.kept is a view'],
    ['app.afar', 'app.afar is a foreign table'],
    ['pg_catalog.pg_class', 'is a temporary table, a system table or the journal itself'],
    ['tidemark.change', 'is a temporary table, a system table or the journal itself'],
    ['app.with.dot', 'has a dot in a name'],
    [String.raw`app.back\slash`, 'has a backslash in a name'],
  ])('%s can not be tracked', async (target, message) => {
    const admin = await database.session('supabase_admin');
    await admin.query(`
      create or replace view app.seen as select 1 as id;
      drop materialized view if exists app.kept; create materialized view app.kept as select 1 as id;
      create extension if not exists file_fdw;
      create server if not exists files foreign data wrapper file_fdw;
      create foreign table if not exists app.afar (id text) server files options (filename '/dev/null');
      create table if not exists app."with.dot" (id text);
      create table if not exists app."back\\slash" (id text);
    `);
    await expect(database.track(target)).rejects.toThrow(message);
    expect((await database.changesSince()).watch).not.toHaveProperty([target]);
  });

  test.each([
    ['missing', 'column "missing" does not exist'],
    ['count(*)', 'aggregate functions are not allowed'],
    ['row_number() over ()', 'window functions are not allowed'],
    ['unnest(array[id])', 'set-returning functions are not allowed'],
    ['id, value', 'does not fit a row'],
    ['', 'does not fit a row'],
    ['(select region from app.elsewhere)', 'reads another table'],
  ])('the key "%s" is refused', async (key, message) => {
    const table = await database.table();
    await database.sql('create table if not exists app.elsewhere (region text)');
    await expect(database.track(table, key)).rejects.toThrow(message);
    expect(await database.sql(`select from pg_trigger where tgrelid = '${table}'::regclass`)).toEqual([]);
  });

  test('no key is refused', async () => {
    const table = await database.table();
    await expect(database.sql('select tidemark.track($1, null)', [table])).rejects.toThrow('the key NULL');
  });

  test.each([
    ['a space', ['copilot llm']],
    ['a pattern', ['copilot:*']],
    ['nothing', ['']],
    ['a last part that is empty', ['copilot:']],
    ['201 characters', ['x'.repeat(201)]],
    ['no text', [null]],
  ])('a prefix with %s is refused', async (_, prefixes) => {
    const table = await database.table();
    await expect(database.sql('select tidemark.track($1, $2, $3)', [table, 'id', prefixes])).rejects.toThrow(
      'a prefix must be',
    );
  });

  test('33 prefixes are refused', async () => {
    const table = await database.table();
    const prefixes = Array.from({ length: 33 }, (_, index) => `p${index}`);
    await expect(database.track(table, 'id', prefixes)).rejects.toThrow('at most 32 prefixes, got 33');
  });

  test.each(['', 'Main', 'a b', '1st', 'x'.repeat(33)])(
    'the namespace "%s" is refused',
    async (namespace) => {
      const table = await database.table();
      await expect(
        database.sql('select tidemark.track($1, $2, $3, $4)', [table, 'id', [], namespace]),
      ).rejects.toThrow('a namespace must be');
    },
  );
});

describe('what a second call does', () => {
  test('the same call changes nothing, so that no instance starts anew', async () => {
    const table = await database.table();
    await database.track(table, 'id', ['a', 'b']);
    const { watchHash } = await database.changesSince();
    await database.track(table, 'id', ['a', 'b']);
    expect((await database.changesSince()).watchHash).toBe(watchHash);
  });

  test('other arguments replace the earlier ones', async () => {
    const table = await database.table('id text, other text');
    await database.track(table, 'id', ['a', 'b']);
    const before = await database.changesSince();
    await database.sql(`select tidemark.track($1, 'other', '{c}', 'second')`, [table]);

    const after = await database.changesSince(null, before.watchHash);
    expect(after.watch![table]).toEqual({
      namespace: 'second',
      prefixes: ['c'],
      problem: null,
      key: 'other',
    });
    expect(
      await database.journaled(table, () => database.sql(`insert into ${table} values ('i', 'o')`)),
    ).toEqual([['o']]);
  });

  test('a table in two schemas is two tables', async () => {
    await database.sql(
      'create schema other_app; create table other_app.twin (id text); create table app.twin (id text)',
    );
    await database.track('app.twin');
    await database.track('other_app.twin');
    expect(
      await database.journaled('app.twin', () => database.sql(`insert into other_app.twin values ('a')`)),
    ).toEqual([]);
    expect(
      await database.journaled('other_app.twin', () =>
        database.sql(`insert into other_app.twin values ('a')`),
      ),
    ).toEqual([['a']]);
  });

  test('names that need quotes are tracked as they are', async () => {
    await database.sql(`create table app."Odd Name's" ("Id" text)`);
    await database.track(`app.Odd Name's`, '"Id"');
    expect(
      await database.journaled(`app.Odd Name's`, () =>
        database.sql(`insert into app."Odd Name's" values ('a')`),
      ),
    ).toEqual([['a']]);
    expect(await database.problemOf(`app.Odd Name's`)).toBeNull();
  });
});

describe('publication (#24)', () => {
  test('a tracked table is published to Realtime, and an untracked one no longer', async () => {
    const table = await database.trackedTable();
    expect(await published(table)).toHaveLength(1);
    await database.sql('select tidemark.untrack($1)', [table]);
    expect(await published(table)).toHaveLength(0);
  });

  test('a table that was published before stays so when it is untracked', async () => {
    const table = await database.table();
    await database.sql(`alter publication supabase_realtime add table ${table}`);
    await database.track(table);
    await database.sql('select tidemark.untrack($1)', [table]);
    expect(await published(table)).toHaveLength(1);
  });

  test('a table without a primary key is not published, so that it can still be updated', async () => {
    const table = await database.trackedTable('id text');
    expect(await published(table)).toHaveLength(0);
    await database.sql(`insert into ${table} values ('a')`);
    expect(await database.journaled(table, () => database.sql(`update ${table} set id = 'b'`))).toEqual([
      ['a', 'b'],
    ]);
  });

  test('the journal is published', async () => {
    expect(await published('tidemark.change')).toHaveLength(1);
  });
});

describe('untrack', () => {
  test('leaves no trigger, no function and no watch', async () => {
    const functions = (): Promise<unknown[]> =>
      database.sql(`select oid from pg_proc where pronamespace = 'tidemark'::regnamespace order by oid`);
    const before = await functions();
    const table = await database.table('id text, region text', 'partition by list (region)');
    await database.sql(`create table ${table}_eu partition of ${table} for values in ('eu')`);
    await database.track(table);
    await database.sql(`alter table ${table} detach partition ${table}_eu`);
    await database.sql('select tidemark.untrack($1)', [table]);

    expect(await functions()).toEqual(before);
    expect(
      await database.sql(
        `select from pg_trigger where tgrelid in ('${table}'::regclass, '${table}_eu'::regclass)`,
      ),
    ).toEqual([]);
    expect((await database.changesSince()).watch).not.toHaveProperty([table]);
    expect(
      await database.journaled(table, () => database.sql(`insert into ${table}_eu values ('a')`)),
    ).toEqual([]);
  });

  test('works for a table that was dropped', async () => {
    const table = await database.trackedTable();
    await database.sql(`drop table ${table}`);
    await database.sql('select tidemark.untrack($1)', [table]);
    expect((await database.changesSince()).watch).not.toHaveProperty([table]);
  });

  test('of a table that is not tracked says so', async () => {
    await expect(database.sql(`select tidemark.untrack('app.nothing')`)).rejects.toThrow(
      'app.nothing is not tracked',
    );
  });
});

test('tracking waits for writers that began before, so that no change falls between', async () => {
  const table = await database.table();
  const writer = await database.session();
  const tracker = await database.session();
  await writer.query(`begin; insert into ${table} (id) values ('early')`);
  let isTracked = false;
  const tracking = tracker
    .query('select tidemark.track($1, $2)', [table, 'id'])
    .then(() => (isTracked = true));
  await database.someoneWaits();
  const during = await database.changesSince();
  expect(isTracked).toBe(false);
  await writer.query('commit');
  await tracking;
  expect(during.watch).not.toHaveProperty([table]);
  expect((await database.changesSince()).watch).toHaveProperty([table]);
});

test('tracking waits for a partition that is being attached, and includes it', async () => {
  const table = await database.table('id text, region text', 'partition by list (region)');
  await database.sql(`create table ${table}_eu (id text, region text)`);
  const [owner, tracker] = [await database.session(), await database.session()];
  await owner.query(`begin; alter table ${table} attach partition ${table}_eu for values in ('eu')`);
  const tracking = tracker.query('select tidemark.track($1, $2)', [table, 'id']);
  await database.someoneWaits();
  await owner.query('commit');
  await tracking;
  expect(await database.problemOf(table)).toBeNull();
});

test('migrations can be run again, and change nothing of what is tracked (#20)', async () => {
  const before = await database.changesSince();
  await database.migrate();
  const after = await database.changesSince();
  expect(after.watchHash).toBe(before.watchHash);
  expect(after.watch).toEqual(before.watch);
});
