// The answer of tidemark_changes_since: what it says, of which moment, and what it costs.
import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const insert = (table: string, from: number, to: number): Promise<unknown> =>
  database.sql(`insert into ${table} (id) select 'k' || n from generate_series($1::int, $2::int) n`, [
    from,
    to,
  ]);

async function changesOf(table: string, prev: Answer): Promise<unknown[]> {
  const { changes } = await database.changesSince(prev.snapshot);
  return changes.filter((change) => change.table === table).map(({ keys }) => keys);
}

describe('what it says', () => {
  test('without a snapshot it names the present and no changes', async () => {
    const table = await database.trackedTable();
    await insert(table, 1, 1);
    expect(await database.changesSince()).toMatchObject({ wentBack: false, pruned: false, changes: [] });
  });

  test('one entry per table, with the keys of all its changes once', async () => {
    const [one, two] = [await database.trackedTable(), await database.trackedTable()];
    const start = await database.changesSince();
    await insert(one, 1, 2);
    await database.sql(`update ${one} set value = 1 where id = 'k2'`);
    await insert(two, 7, 7);
    expect((await database.changesSince(start.snapshot)).changes).toEqual([
      { table: one, keys: ['k1', 'k2'] },
      { table: two, keys: ['k7'] },
    ]);
  });

  test('the transactions of the changes, once for each table, with the age of their last row', async () => {
    const [one, two] = [await database.trackedTable(), await database.trackedTable()];
    const start = await database.changesSince();
    await database.sql(`begin; insert into ${one} (id) values ('a'); insert into ${two} (id) values ('a');
      update ${one} set value = 1; commit`);
    await insert(one, 1, 1);
    const journaled = await database.sql<{ tbl: string; xid: string; at: Date }>(
      'select tbl, xid::text, max(at) as at from tidemark.change where tbl in ($1, $2) group by tbl, xid order by xid, tbl',
      [one, two],
    );
    const { transactions } = await database.changesSince(start.snapshot);
    expect(transactions.map(([table, xid]) => [table, xid])).toEqual(
      journaled.map(({ tbl, xid }) => [tbl, xid]),
    );
    expect(transactions).toHaveLength(3);
    const [first, , last] = transactions.map(([, , ageMs]) => ageMs);
    // Both ages are of one clock, and differ by what lies between the two rows.
    const betweenMs = Number(journaled[2]!.at) - Number(journaled[0]!.at);
    expect(Math.abs(first! - last! - betweenMs)).toBeLessThan(3);
    expect(last).toBeGreaterThan(0);
  });

  test('of many transactions the newest thousand, while every change is told', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    for (let n = 1; n <= 1_001; n += 1) await insert(table, n, n);
    const { changes, transactions } = await database.changesSince(start.snapshot);
    expect(changes).toHaveLength(1);
    expect(transactions).toHaveLength(1_000);
    const [oldest] = await database.sql<{ xid: string }>(
      'select xid::text from tidemark.change where tbl = $1 order by tidemark.change.xid limit 1',
      [table],
    );
    expect(transactions.map(([, xid]) => xid)).not.toContain(oldest!.xid);
  });

  test('1,000 keys in several statements are listed, 1,001 name the whole table', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    await insert(table, 1, 600);
    await insert(table, 601, 1000);
    const [listed] = await changesOf(table, start);
    expect(listed).toHaveLength(1000);
    await insert(table, 1001, 1001);
    expect(await changesOf(table, start)).toEqual([null]);
  });

  test('a change of the whole table covers changes of its keys', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    await insert(table, 1, 1);
    await database.sql(`truncate ${table}`);
    await insert(table, 2, 2);
    expect(await changesOf(table, start)).toEqual([null]);
  });

  test('a snapshot that is ahead of the present means that commits were lost', async () => {
    const { snapshot } = await database.changesSince();
    const xmax = BigInt(snapshot.split(':')[1]!);
    expect(await database.changesSince(`${xmax}:${xmax}:`)).toMatchObject({ wentBack: false });
    expect(await database.changesSince(`${xmax + 5n}:${xmax + 5n}:`)).toMatchObject({ wentBack: true });
  });

  test('a snapshot in which a running transaction had finished means that commits were lost', async () => {
    const table = await database.trackedTable();
    const session = await database.session();
    await session.query(`begin; insert into ${table} (id) values ('running')`);
    await insert(table, 1, 1);
    const { snapshot } = await database.changesSince();
    const [, xmax, running] = snapshot.split(':');
    expect(running).not.toBe('');
    expect(await database.changesSince(snapshot)).toMatchObject({ wentBack: false });
    expect(await database.changesSince(`${xmax}:${xmax}:`)).toMatchObject({ wentBack: true });
    await session.query('rollback');
    expect(await database.changesSince(snapshot)).toMatchObject({ wentBack: false });
  });

  test('what is not a snapshot is refused', async () => {
    await expect(database.changesSince('yesterday')).rejects.toThrow(
      /invalid input syntax for type pg_snapshot/,
    );
  });

  test('with nothing tracked there is an empty watch, and a hash of it', async () => {
    const session = await database.session();
    await session.query('begin');
    const tracked = await database.sql<{ tbl: string }>('select tbl from tidemark.watch');
    for (const { tbl } of tracked) await database.sql('select tidemark.untrack($1)', [tbl]);
    await session.query('rollback');
    const answer = await database.changesSince();
    expect(answer.watch).toEqual({});
    expect(answer.watchHash).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a glance', () => {
  test('says what a read of the same moment says, but for the watch', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    await insert(table, 1, 3);
    const { server, watchHash: _hash, watch: _watch, ...read } = await database.changesSince(start.snapshot);
    const { server: ofGlance, ...glance } = await database.glance(start.snapshot);
    const ages = { transactions: [[table, expect.any(String), expect.any(Number)]] };
    expect(glance).toEqual({ ...read, ...ages });
    expect(glance.transactions[0]?.[1]).toBe(read.transactions[0]?.[1]);
    const { systemId: _id, timeline: _line, ...life } = server;
    expect(ofGlance).toEqual(life);
  });

  test('tells that commits were lost', async () => {
    const { snapshot } = await database.changesSince();
    const xmax = BigInt(snapshot.split(':')[1]!);
    expect(await database.glance(`${xmax + 5n}:${xmax + 5n}:`)).toMatchObject({ wentBack: true });
  });

  test('in a transaction that has written is refused as a read is', async () => {
    const table = await database.trackedTable();
    const session = await database.session();
    await session.query(`begin; insert into ${table} (id) values ('a')`);
    await expect(session.query(`select public.tidemark_glance('1:1:')`)).rejects.toThrow(
      'in a transaction that has written',
    );
    await session.query('rollback');
  });
});

describe('who answers', () => {
  test('the server names its start and its system id', async () => {
    const [control] = await database.sql<{ id: string; startedAt: string }>(
      `select system_identifier::text as id, (extract(epoch from pg_postmaster_start_time()) * 1e6)::bigint::text as "startedAt" from pg_control_system()`,
    );
    expect((await database.changesSince()).server).toEqual({
      recovery: false,
      startedAt: control!.startedAt,
      recoveredAt: expect.stringMatching(/^\d{16}$/),
      systemId: control!.id,
      timeline: 1,
    });
  });

  test('without the right to read the control file the start time stands alone', async () => {
    const admin = await database.session('supabase_admin');
    await admin.query('revoke execute on function pg_control_system() from public');
    const { server } = await database.changesSince();
    await admin.query('grant execute on function pg_control_system() to public');
    expect(server).toMatchObject({ systemId: null, recovery: false, timeline: 1 });
    expect(server.startedAt).toMatch(/^\d{16}$/);
  });
});

describe('of which moment it is', () => {
  test('journal, snapshot and triggers are of the moment the statement began', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    const [holder, reader] = [await database.session(), await database.session()];
    await holder.query('select pg_advisory_lock(7)');
    // The reader has its snapshot, and waits for the lock before it calls.
    const reading = reader.query<{ outer: string; answer: Answer }>(
      `select pg_current_snapshot()::text as outer, pg_advisory_lock(7)::text,
         public.tidemark_changes_since($1, null) as answer`,
      [start.snapshot],
    );
    await database.someoneWaits();
    await insert(table, 1, 1);
    await database.sql(`alter table ${table} disable trigger tidemark_insert`);
    await insert(table, 2, 2);
    await holder.query('select pg_advisory_unlock(7)');

    const { outer, answer } = (await reading).rows[0]!;
    expect(answer.snapshot).toBe(outer);
    expect(answer.changes).toEqual([]);
    expect(answer.watchHash).toBe(start.watchHash);

    const next = await database.changesSince(answer.snapshot);
    expect(next.changes).toEqual([{ table, keys: ['k1'] }]);
    expect(next.watchHash).not.toBe(start.watchHash);
  });

  test('a transaction that has written is refused, because its later writes would never be found', async () => {
    const table = await database.trackedTable();
    const session = await database.session();
    await session.query(`begin; insert into ${table} (id) values ('a')`);
    await expect(session.query('select public.tidemark_changes_since()')).rejects.toThrow(
      'in a transaction that has written',
    );
    await session.query('rollback');
  });

  test('a read-only transaction may call it, as the Data API does', async () => {
    const session = await database.session();
    await session.query('begin read only');
    await session.query('select public.tidemark_changes_since()');
    await session.query('commit');
  });
});

interface Cost {
  readonly scans: number;
  readonly entries: number;
  readonly changes: number;
}

/** What one call reads of the journal: sequential scans, and entries of the index, dead and invisible ones included. */
async function costOf(session: Client, prev: string): Promise<Cost> {
  const before = await readsOf(session);
  const { rows } = await session.query<{ answer: Answer }>(
    'select public.tidemark_changes_since($1, null) as answer',
    [prev],
  );
  const after = await readsOf(session);
  return {
    scans: after.scans - before.scans,
    entries: after.entries - before.entries,
    changes: rows[0]!.answer.changes.flatMap(({ keys }) => keys).length,
  };
}

/** What the session has read so far, as far as it has not yet been added to the counts of the server. */
async function readsOf(session: Client): Promise<{ scans: number; entries: number }> {
  const { rows } = await session.query<{ scans: number; entries: number }>(`
    select pg_stat_get_xact_numscans('tidemark.change'::regclass)::int as scans,
      pg_stat_get_xact_tuples_returned('tidemark.change_xid'::regclass)::int as entries
  `);
  return rows[0]!;
}

describe('what it costs', () => {
  test('a journal that has grown long since it was analysed costs only what is new', async () => {
    const table = await database.trackedTable();
    // The plan of this session is made while the journal is so short that reading all of it would be best.
    const session = await database.session();
    await database.sql('truncate tidemark.change');
    await insert(table, 1001, 1001);
    await database.sql('analyze tidemark.change');
    await costOf(session, (await database.changesSince()).snapshot);
    await database.sql(
      `insert into tidemark.change (tbl, keys, xid) select $1, array['old'], (3 + n % 500)::text::xid8 from generate_series(1, 30000) n`,
      [table],
    );
    const { snapshot } = await database.changesSince();
    for (let n = 1; n <= 5; n += 1) await insert(table, n, n);
    await session.query('begin read only');
    // Plans are generic from the first call on, and stay what they are.
    for (let call = 1; call <= 8; call += 1) {
      expect(await costOf(session, snapshot)).toEqual({ scans: 0, entries: 5, changes: 5 });
    }
  });

  test('no worker is started, however eager the planner is', async () => {
    const session = await database.session('supabase_admin');
    const plans: string[] = [];
    session.on('notice', ({ message }) => plans.push(message ?? ''));
    await session.query(`
      load 'auto_explain';
      set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
      set auto_explain.log_level = notice;
      set parallel_setup_cost = 0; set parallel_tuple_cost = 0;
      set min_parallel_table_scan_size = 0; set min_parallel_index_scan_size = 0
    `);
    const { snapshot } = await database.changesSince();
    await session.query('select public.tidemark_changes_since($1)', [snapshot]);
    expect(plans.join('\n')).toContain('change_xid');
    expect(plans.join('\n')).not.toMatch(/Gather|Seq Scan on change/);
  });

  test('a long open transaction costs nothing, however much it wrote, and misses nothing', async () => {
    const table = await database.trackedTable();
    const long = await database.session();
    await long.query(
      `begin; do $$ begin for n in 1..2000 loop insert into ${table} (id) values ('long' || n); end loop; end $$`,
    );
    // Between the start of the long transaction and the cursor: read long ago, yet above every minimum.
    for (let n = 1; n <= 50; n += 1) await insert(table, n, n);
    const { snapshot } = await database.changesSince();
    expect(snapshot.split(':')[2]).not.toBe('');
    for (let n = 51; n <= 60; n += 1) await insert(table, n, n);

    const session = await database.session();
    await session.query('begin read only');
    expect(await costOf(session, snapshot)).toEqual({ scans: 0, entries: 10, changes: 10 });

    const during = await database.changesSince(snapshot);
    await long.query('commit');
    const after = await database.changesSince(during.snapshot);
    expect(after.changes).toEqual([{ table, keys: null }]);
    expect(await database.changesSince(after.snapshot)).toMatchObject({ changes: [] });
  });
});
