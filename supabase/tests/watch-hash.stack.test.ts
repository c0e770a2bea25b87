// The hash of the watch: it must change with everything that could let a change go by unseen, and with nothing else,
// because a new hash makes every instance start anew.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const hash = async (): Promise<string> => (await database.changesSince()).watchHash;

async function partitionedTable(): Promise<string> {
  const table = await database.table('id text, region text', 'partition by list (region)');
  await database.sql(`create table ${table}_eu partition of ${table} for values in ('eu')`);
  await database.track(table);
  return table;
}

describe('the hash stays the same', () => {
  test.each([
    [
      'writes',
      `insert into %t select n::text from generate_series(1, 100) n; update %t set value = 2; delete from %t`,
    ],
    ['ANALYZE', 'analyze %t'],
    ['VACUUM', 'vacuum %t'],
    ['VACUUM FREEZE of the table', 'vacuum freeze %t'],
    [
      'VACUUM FREEZE of the catalogs',
      'vacuum freeze pg_trigger; vacuum freeze pg_proc; vacuum freeze pg_class',
    ],
    ['REINDEX', 'reindex table %t'],
    ['an index', 'create index on %t (value)'],
    ['a constraint', 'alter table %t add check (value > -1000)'],
    ['a comment', `comment on table %t is 'cached'`],
    ['a grant', 'grant select on %t to authenticated'],
    [
      'another trigger',
      'create trigger other before update on %t for each row execute function suppress_redundant_updates_trigger()',
    ],
    [
      'a table that is not tracked',
      'create table if not exists app.stranger (id text); truncate app.stranger',
    ],
  ])('under %s', async (_, text) => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} select 'old' || n from generate_series(1, 100) n`);
    const before = await hash();
    // VACUUM runs in no transaction block: one statement at a time.
    for (const statement of text.replaceAll('%t', table).split(';')) await database.sql(statement);
    expect(await hash()).toBe(before);
  });

  test('for a caller who knows it, and the watch is not sent again', async () => {
    await database.trackedTable();
    const first = await database.changesSince();
    expect(first.watch).not.toBeNull();
    expect((await database.changesSince(first.snapshot, first.watchHash)).watch).toBeNull();
    expect((await database.changesSince(first.snapshot, 'another')).watch).toEqual(first.watch);
  });
});

describe('the hash changes', () => {
  test.each([
    ['TRUNCATE', 'truncate %t'],
    ['a rewrite', 'vacuum full %t'],
    ['a new column with a default', 'alter table %t add column added text default 1'],
    ['a column less', 'alter table %t drop column value'],
    ['a renamed column', 'alter table %t rename column value to amount'],
    ['a column of another type', 'alter table %t alter column value type bigint'],
    [
      'a trigger that was off for a moment',
      'alter table %t disable trigger tidemark_update; alter table %t enable always trigger tidemark_update',
    ],
    [
      'all triggers off for a moment',
      'alter table %t disable trigger all; alter table %t enable always trigger tidemark_insert; alter table %t enable always trigger tidemark_update; alter table %t enable always trigger tidemark_delete; alter table %t enable always trigger tidemark_truncate',
    ],
    ['a table that inherits', 'create table %t_heir () inherits (%t)'],
    [
      'a replaced trigger function',
      `do $$ declare f regprocedure; begin select tgfoid into f from pg_trigger where tgrelid = '%t'::regclass and tgname = 'tidemark_update'; execute replace(pg_get_functiondef(f), 'touched', 'found_keys'); end $$`,
    ],
    ['another prefix', `select public.tidemark_add_prefix('%t', 'copilot:new')`],
    ['another namespace', `select tidemark.track('%t', 'id', '{}', 'second')`],
    ['another key', `select tidemark.track('%t', 'lower(id)')`],
    ['no longer being tracked', `select tidemark.untrack('%t')`],
  ])('by %s', async (_, text) => {
    const table = await database.trackedTable();
    const before = await hash();
    const statements = text.includes('$$') ? [text] : text.split(';');
    for (const statement of statements) await database.sql(statement.replaceAll('%t', table));
    expect(await hash()).not.toBe(before);
  });

  test.each(['mood', 'mood[]', 'calm_mood'])(
    'by a label of an enum that is renamed, in a column of %s (R1)',
    async (type) => {
      await database.sql(`drop domain if exists app.calm_mood; drop type if exists app.mood cascade;
      create type app.mood as enum ('calm', 'glad'); create domain app.calm_mood as app.mood`);
      const table = await database.trackedTable(`id text primary key, mood app.${type}`);
      const before = await hash();
      await database.sql(`alter type app.mood rename value 'calm' to 'quiet'`);
      expect(await hash()).not.toBe(before);
      await database.sql(`drop table ${table}`);
      await database.sql(`select tidemark.untrack('${table}')`);
    },
  );

  test('by dropping and creating the table, also with the same triggers', async () => {
    const table = await database.trackedTable();
    const before = await hash();
    await database.sql(`
      begin;
      drop table ${table};
      create table ${table} (id text primary key, value integer default 0);
      select tidemark.track('${table}', 'id');
      commit
    `);
    expect(await database.problemOf(table)).toBeNull();
    expect(await hash()).not.toBe(before);
  });

  test.each([
    [
      'attaching a partition full of rows',
      `create table %t_us (id text, region text); insert into %t_us values ('a', 'us'); alter table %t attach partition %t_us for values in ('us')`,
    ],
    ['a new partition', `create table %t_us partition of %t for values in ('us')`],
    ['detaching a partition', 'alter table %t detach partition %t_eu'],
    ['TRUNCATE of a partition', 'truncate %t_eu'],
    [
      'a trigger of a partition that was off for a moment',
      'alter table %t_eu disable trigger tidemark_insert; alter table %t_eu enable always trigger tidemark_insert',
    ],
  ])('by %s', async (_, text) => {
    const table = await partitionedTable();
    const before = await hash();
    await database.sql(text.replaceAll('%t', table));
    expect(await hash()).not.toBe(before);
  });
});

describe('a problem is named', () => {
  test.each([
    [
      'a missing trigger',
      'drop trigger tidemark_update on %t',
      /^%t lacks the trigger tidemark_update: run select tidemark\.track\('%t', 'id', /,
    ],
    [
      'a disabled trigger',
      'alter table %t disable trigger tidemark_delete',
      /^%t has the trigger tidemark_delete not as ENABLE ALWAYS: run /,
    ],
    [
      'a trigger that replicas do not fire',
      'alter table %t enable trigger tidemark_insert',
      /^%t has the trigger tidemark_insert not as ENABLE ALWAYS/,
    ],
    [
      'a table created anew',
      'drop table %t; create table %t (id text)',
      /^%t lacks the trigger tidemark_delete, tidemark_insert, tidemark_truncate, tidemark_update/,
    ],
    [
      'a dropped table',
      'drop table %t',
      /^%t does not exist: create it and run .*, or run select tidemark\.untrack\('%t'\)$/,
    ],
    ['a renamed table', 'alter table %t rename to %n_renamed', /^%t does not exist/],
    [
      'a view in the place of the table',
      'drop table %t; create view %t as select 1 as id',
      /^%t is not a table/,
    ],
    [
      'a dropped key column',
      'alter table %t drop column id',
      /the key 'id' of %t needs columns that are gone/,
    ],
  ])('%s', async (_, text, problem) => {
    const table = await database.trackedTable('id text, value integer');
    const fill = (pattern: string): string =>
      pattern.replaceAll('%t', table).replaceAll('%n', table.split('.')[1]!);
    await database.sql(fill(text));
    expect(await database.problemOf(table)).toMatch(new RegExp(fill(problem.source)));
    // Whatever it was: untracking ends it.
    await database.sql('select tidemark.untrack($1)', [table]);
  });

  test('a trigger of our name that runs another function counts as missing', async () => {
    const table = await database.trackedTable();
    await database.sql(`
      create function app.nothing() returns trigger language plpgsql as $$ begin return null; end $$;
      create or replace trigger tidemark_update after update on ${table} for each statement execute function app.nothing();
      alter table ${table} enable always trigger tidemark_update
    `);
    expect(await database.problemOf(table)).toMatch(`${table} lacks the trigger tidemark_update`);
  });

  test('a partition without triggers, and what to run repairs it', async () => {
    const table = await partitionedTable();
    await database.sql(`create table ${table}_us partition of ${table} for values in ('us')`);
    const problem = await database.problemOf(table);
    expect(problem).toMatch(new RegExp(`^${table}_us lacks the trigger`));

    await database.sql(problem!.split(': run ')[1]!);
    expect(await database.problemOf(table)).toBeNull();
    expect(
      await database.journaled(table, () => database.sql(`insert into ${table}_us values ('a', 'us')`)),
    ).toEqual([['a']]);
  });

  test('a table that a subscription fills, which no trigger can follow', async () => {
    const table = await database.trackedTable();
    const admin = await database.session('supabase_admin');
    const { port } = database.server;
    await admin.query(`create publication feed for table ${table}`);
    // From itself, which is as good as from anywhere as long as nothing flows.
    await admin.query(`
      create subscription feed
        connection 'host=127.0.0.1 port=${port} dbname=postgres user=supabase_admin password=postgres'
        publication feed with (enabled = false, create_slot = false, slot_name = 'feed', copy_data = false)
    `);
    expect(await database.problemOf(table)).toMatch(`${table} is filled by a subscription`);
    await admin.query('alter subscription feed set (slot_name = none)');
    await admin.query('drop subscription feed');
    expect(await database.problemOf(table)).toBeNull();
  });
});
