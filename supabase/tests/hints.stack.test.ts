// Hints through Realtime: one per table and transaction, with the names of both and nothing else, and never a reason for
// a statement to fail.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { installRealtimeSql } from '../../packages/devstack/src/realtime/realtime-sql.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
  await installRealtimeSql(database.server.urlFor('supabase_admin'));
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

interface Message extends Record<string, unknown> {
  readonly topic: string;
  readonly event: string;
  readonly private: boolean;
  readonly payload: Record<string, unknown>;
}

/** What was sent about the table, in any form. */
const sentAbout = (table: string): Promise<Message[]> =>
  database.sql<Message>(
    `select topic, event, private, payload from realtime.messages where payload::text like '%"' || $1 || '"%'`,
    [table],
  );

test('a change sends its table and its transaction to the private topic tidemark, without keys or data', async () => {
  const table = await database.trackedTable();
  await database.sql(`insert into ${table} (id) values ('secret')`);
  const sent = await sentAbout(table);
  expect(sent).toMatchObject([{ topic: 'tidemark', event: 'change', private: true, payload: { table } }]);
  expect(JSON.stringify(sent)).not.toContain('secret');
  // `id` is Realtime's own.
  expect(Object.keys(sent[0]!.payload).sort()).toEqual(['id', 'table', 'xid']);
  const [row] = await database.sql(`select xid::text from tidemark.change where tbl = $1`, [table]);
  expect(sent[0]!.payload).toMatchObject(row!);
});

test('many statements of one transaction send one hint per table', async () => {
  const [one, two] = [await database.trackedTable(), await database.trackedTable()];
  await database.sql(`
      begin;
      insert into ${one} (id) values ('a'); insert into ${two} (id) values ('a');
      update ${one} set value = 1; delete from ${two};
      truncate ${one};
      commit
    `);
  expect(await sentAbout(one)).toHaveLength(1);
  expect(await sentAbout(two)).toHaveLength(1);
  await database.sql(`insert into ${one} (id) values ('b')`);
  expect(await sentAbout(one)).toHaveLength(2);
});

test('a session that writes again sends again', async () => {
  const table = await database.trackedTable();
  const session = await database.session();
  for (const id of ['a', 'b', 'c']) await session.query(`insert into ${table} (id) values ('${id}')`);
  expect(await sentAbout(table)).toHaveLength(3);
});

test('a hint that a savepoint took back is sent by the next statement', async () => {
  const table = await database.trackedTable();
  await database.sql(`
      begin;
      savepoint s;
      insert into ${table} (id) values ('undone');
      rollback to savepoint s;
      insert into ${table} (id) values ('kept');
      commit
    `);
  expect(await sentAbout(table)).toHaveLength(1);
});

test('a rollback sends nothing', async () => {
  const table = await database.trackedTable();
  await database.sql(`begin; insert into ${table} (id) values ('a'); rollback`);
  expect(await sentAbout(table)).toEqual([]);
});

test('a statement that touches no row sends nothing', async () => {
  const table = await database.trackedTable();
  await database.sql(`delete from ${table}`);
  expect(await sentAbout(table)).toEqual([]);
});

test('the watch says which tables send no hint, so that nobody waits for it', async () => {
  const [quiet, loud] = [await database.table(), await database.trackedTable()];
  await database.sql(`select tidemark.track($1, 'id', broadcast => false)`, [quiet]);
  const { watch } = await database.changesSince();
  expect(watch![quiet]).toHaveProperty('broadcast', false);
  expect(watch![loud]).not.toHaveProperty('broadcast');
});

test('a table that is tracked without broadcast sends nothing, and journals', async () => {
  const table = await database.table();
  await database.sql(`select tidemark.track($1, 'id', broadcast => false)`, [table]);
  expect(
    await database.journaled(table, () => database.sql(`insert into ${table} (id) values ('a')`)),
  ).toEqual([['a']]);
  await database.sql('select public.tidemark_invalidate($1)', [table]);
  expect(await sentAbout(table)).toEqual([]);
});

test('a change by hand sends a hint too', async () => {
  const table = await database.trackedTable();
  await database.sql('select public.tidemark_invalidate($1)', [table]);
  expect(await sentAbout(table)).toHaveLength(1);
});

test.each([
  [
    'fails',
    "create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void language plpgsql as $$ begin raise exception 'broken'; end $$",
  ],
  ['may not be called', 'revoke execute on function realtime.send(jsonb, text, text, boolean) from public'],
  ['is gone', 'drop function realtime.send(jsonb, text, text, boolean) cascade'],
])('a statement succeeds and journals although realtime.send %s', async (_, breakage) => {
  const table = await database.trackedTable();
  const admin = await database.session('supabase_admin');
  await admin.query(breakage);
  const session = await database.session();
  const journaled = await database.journaled(table, () =>
    session.query(
      `begin; insert into ${table} (id) values ('a'); insert into ${table} (id) values ('b'); commit`,
    ),
  );
  expect(journaled).toEqual([['a'], ['b']]);
  await installRealtimeSql(database.server.urlFor('supabase_admin'));
  await admin.query('grant execute on function realtime.send(jsonb, text, text, boolean) to public');
  await session.query(`insert into ${table} (id) values ('c')`);
  expect(await sentAbout(table)).toHaveLength(1);
});

test('the publication for direct hints tells new rows alone, by table and transaction, and no key', async () => {
  const [publication] = await database.sql(
    `select p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, t.schemaname || '.' || t.tablename as tbl, t.attnames
    from pg_publication p join pg_publication_tables t on t.pubname = p.pubname where p.pubname = 'tidemark'`,
  );
  expect(publication).toEqual({
    pubinsert: true,
    pubupdate: false,
    pubdelete: false,
    pubtruncate: false,
    tbl: 'tidemark.change',
    attnames: '{xid,tbl}',
  });
});
