// Every way a statement can change rows, and what it leaves in the journal.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from 'pg';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

describe('statements', () => {
  test('each kind of statement journals the keys of the rows it changed, once', async () => {
    const table = await database.trackedTable();
    const journaled = (text: string): Promise<(string[] | null)[]> =>
      database.journaled(table, () => database.sql(text));

    expect(await journaled(`insert into ${table} (id) values ('a'), ('b'), ('c')`)).toEqual([
      ['a', 'b', 'c'],
    ]);
    expect(await journaled(`update ${table} set value = 1 where id in ('a', 'b')`)).toEqual([['a', 'b']]);
    expect(await journaled(`delete from ${table} where id = 'c'`)).toEqual([['c']]);
    expect(await journaled(`truncate ${table}`)).toEqual([null]);
  });

  test('a statement that touches no row journals nothing', async () => {
    const table = await database.trackedTable();
    const journaled = await database.journaled(table, async () => {
      await database.sql(`update ${table} set value = 1`);
      await database.sql(`delete from ${table}`);
      await database.sql(`insert into ${table} (id) select 'a' where false`);
    });
    expect(journaled).toEqual([]);
  });

  test('a change of the key journals the old key and the new one', async () => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} (id) values ('old')`);
    expect(
      await database.journaled(table, () => database.sql(`update ${table} set id = 'new' where id = 'old'`)),
    ).toEqual([['new', 'old']]);
  });

  test('an upsert journals what it inserted and what it updated', async () => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} (id) values ('there')`);
    const journaled = await database.journaled(table, () =>
      database.sql(
        `insert into ${table} (id) values ('new'), ('there') on conflict (id) do update set value = 2`,
      ),
    );
    expect(journaled).toHaveLength(2);
    expect(journaled).toEqual(expect.arrayContaining([['new'], ['there']]));
  });

  test('MERGE journals inserted, updated and deleted rows', async () => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} (id) values ('updated'), ('deleted'), ('untouched')`);
    const journaled = await database.journaled(table, () =>
      database.sql(`
        merge into ${table} as t using (values ('updated'), ('deleted'), ('inserted')) as s (id) on s.id = t.id
        when matched and t.id = 'deleted' then delete
        when matched then update set value = 1
        when not matched then insert (id) values (s.id)
      `),
    );
    expect(journaled).toHaveLength(3);
    expect(journaled).toEqual(expect.arrayContaining([['deleted'], ['inserted'], ['updated']]));
  });

  test('COPY journals the rows it brought', async () => {
    const table = await database.trackedTable();
    const file = `${database.server.dataFolder}/copied.txt`;
    const admin = await database.session('supabase_admin');
    await admin.query(`copy (values ('a', 1), ('b', 2)) to '${file}'`);
    expect(await database.journaled(table, () => admin.query(`copy ${table} from '${file}'`))).toEqual([
      ['a', 'b'],
    ]);
  });

  test('a writable common table expression journals, also when its result is not used', async () => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} (id) values ('a'), ('b')`);
    expect(
      await database.journaled(table, () =>
        database.sql(
          `with gone as (delete from ${table} where id = 'a'), moved as (update ${table} set id = 'c' where id = 'b') select 1`,
        ),
      ),
    ).toEqual(expect.arrayContaining([['a'], ['b', 'c']]));
  });

  test('a write through a view journals', async () => {
    const table = await database.trackedTable();
    await database.sql(`create view ${table}_seen as select id, value from ${table}`);
    expect(
      await database.journaled(table, () => database.sql(`insert into ${table}_seen (id) values ('a')`)),
    ).toEqual([['a']]);
  });

  test('what a foreign key cascades to journals', async () => {
    const parent = await database.table();
    const table = await database.trackedTable(
      `id text primary key, parent text references ${parent} on delete cascade on update cascade`,
      'parent',
    );
    await database.sql(`insert into ${parent} (id) values ('p1'), ('p2')`);
    await database.sql(`insert into ${table} values ('a', 'p1'), ('b', 'p2')`);
    expect(
      await database.journaled(table, () => database.sql(`update ${parent} set id = 'p3' where id = 'p1'`)),
    ).toEqual([['p1', 'p3']]);
    expect(
      await database.journaled(table, () => database.sql(`delete from ${parent} where id = 'p2'`)),
    ).toEqual([['p2']]);
  });

  test('TRUNCATE journals also when it comes by CASCADE', async () => {
    const parent = await database.table();
    const table = await database.trackedTable(`id text primary key, parent text references ${parent}`);
    expect(await database.journaled(table, () => database.sql(`truncate ${parent} cascade`))).toEqual([null]);
  });

  test('writes under session_replication_role = replica journal', async () => {
    const table = await database.trackedTable();
    const journaled = await database.journaled(table, () =>
      database.sql(
        `begin; set local session_replication_role = replica; insert into ${table} (id) values ('a'); commit`,
      ),
    );
    expect(journaled).toEqual([['a']]);
  });
});

describe('transactions', () => {
  let session: Client;
  beforeEach(async () => {
    session = await database.session();
  });

  test('a rollback leaves nothing, a rollback to a savepoint leaves what was before', async () => {
    const table = await database.trackedTable();
    const journaled = await database.journaled(table, async () => {
      await session.query(`begin; insert into ${table} (id) values ('never'); rollback`);
      await session.query(`
        begin;
        insert into ${table} (id) values ('before');
        savepoint s;
        insert into ${table} (id) values ('undone');
        rollback to savepoint s;
        insert into ${table} (id) values ('after');
        commit
      `);
    });
    expect(journaled).toEqual([['before'], ['after']]);
  });

  test('a subtransaction that was caught leaves nothing', async () => {
    const table = await database.trackedTable();
    const journaled = await database.journaled(table, () =>
      session.query(`
        do $$ begin
          insert into ${table} (id) values ('kept');
          begin
            insert into ${table} (id) values ('lost');
            insert into ${table} (id) values ('lost');
          exception when unique_violation then null;
          end;
        end $$
      `),
    );
    expect(journaled).toEqual([['kept']]);
  });

  test('a row of a subtransaction carries the id of the top-level transaction', async () => {
    const table = await database.trackedTable();
    await session.query(
      `begin; select pg_current_xact_id(); savepoint s; insert into ${table} (id) values ('a')`,
    );
    const { rows } = await session.query<{ top: string; xid: string }>(
      `select pg_current_xact_id()::text as top, xid::text from tidemark.change where tbl = '${table}'`,
    );
    await session.query('commit');
    expect(rows).toEqual([{ top: rows[0]!.top, xid: rows[0]!.top }]);
  });
});

describe('partitions', () => {
  async function partitionedTable(): Promise<string> {
    const table = await database.table(
      'id text, region text, value integer default 0, primary key (id, region)',
      'partition by list (region)',
    );
    await database.sql(`create table ${table}_eu partition of ${table} for values in ('eu')`);
    // Another order of columns than its parent's.
    await database.sql(
      `create table ${table}_us (region text not null, gone text, value integer, id text not null)`,
    );
    await database.sql(`alter table ${table}_us drop column gone`);
    await database.sql(`alter table ${table} attach partition ${table}_us for values in ('us')`);
    await database.track(table);
    return table;
  }

  test('a write journals under the name of the table, through the table and directly into a partition', async () => {
    const table = await partitionedTable();
    const journaled = (text: string): Promise<(string[] | null)[]> =>
      database.journaled(table, () => database.sql(text));

    expect(await journaled(`insert into ${table} (id, region) values ('a', 'eu'), ('b', 'us')`)).toEqual([
      ['a', 'b'],
    ]);
    expect(await journaled(`insert into ${table}_us (id, region) values ('c', 'us')`)).toEqual([['c']]);
    expect(await journaled(`update ${table}_us set value = 1 where id = 'c'`)).toEqual([['c']]);
    expect(await journaled(`delete from ${table}_eu`)).toEqual([['a']]);
  });

  test('a row that moves to another partition journals its old key and its new one', async () => {
    const table = await partitionedTable();
    await database.sql(`insert into ${table} (id, region) values ('old', 'eu')`);
    const journaled = await database.journaled(table, () =>
      database.sql(`update ${table} set id = 'new', region = 'us'`),
    );
    expect(journaled).toEqual([['new', 'old']]);
  });

  test('TRUNCATE of the table and of one partition journals the whole table', async () => {
    const table = await partitionedTable();
    const ofTable = await database.journaled(table, () => database.sql(`truncate ${table}`));
    const ofPartition = await database.journaled(table, () => database.sql(`truncate ${table}_eu`));
    expect(new Set(ofTable)).toEqual(new Set([null]));
    expect(ofPartition).toEqual([null]);
  });

  test('a table that inherits journals under the name of its parent, whose readers see its rows', async () => {
    const table = await database.table('id text, value integer');
    await database.sql(`create table ${table}_heir (note text) inherits (${table})`);
    await database.track(table);
    expect(
      await database.journaled(table, () => database.sql(`insert into ${table}_heir (id) values ('a')`)),
    ).toEqual([['a']]);
    expect(await database.journaled(table, () => database.sql(`update ${table} set value = 1`))).toEqual([
      ['a'],
    ]);
  });
});

describe('size', () => {
  test('1,000 keys are listed, 1,001 name the whole table', async () => {
    const table = await database.trackedTable();
    const insert = (from: number, to: number): Promise<unknown> =>
      database.sql(`insert into ${table} (id) select 'k' || n from generate_series($1::int, $2::int) n`, [
        from,
        to,
      ]);
    const [listed] = await database.journaled(table, () => insert(1, 1000));
    expect(listed).toHaveLength(1000);
    expect(await database.journaled(table, () => insert(1001, 2001))).toEqual([null]);
  });

  test('many rows of few keys are listed', async () => {
    const table = await database.trackedTable('id text, value integer');
    expect(
      await database.journaled(table, () =>
        database.sql(`insert into ${table} select 'k' || n % 3, n from generate_series(1, 5000) n`),
      ),
    ).toEqual([['k0', 'k1', 'k2']]);
  });

  test('a bulk statement computes no more keys than it takes to know that they are too many', async () => {
    await database.sql(`
      create sequence app.computed;
      create function app.counted(id text) returns text language sql volatile
        return case when nextval('app.computed') > 0 then id end
    `);
    const table = await database.table();
    await database.track(table, 'app.counted(id)');
    expect(
      await database.journaled(table, async () => {
        await database.sql(`insert into ${table} (id) select n::text from generate_series(1, 20000) n`);
        await database.sql(`update ${table} set value = 1`);
        await database.sql(`delete from ${table}`);
      }),
    ).toEqual([null, null, null]);
    const [computed] = await database.sql<{ keys: number }>(
      `select last_value::int as keys from app.computed`,
    );
    expect(computed!.keys).toBe(3 * 1001);
  });

  test('an update that moves 501 rows has 1,002 keys and names the whole table', async () => {
    const table = await database.trackedTable();
    await database.sql(`insert into ${table} (id) select 'k' || n from generate_series(1, 501) n`);
    expect(await database.journaled(table, () => database.sql(`update ${table} set id = 'm' || id`))).toEqual(
      [null],
    );
  });
});
