// Pruning: what may go, what must stay, and how a reader learns that it came too late.
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
let table: string;
beforeEach(async () => {
  database ??= await TestDatabase.start();
  await database.sql(
    `truncate tidemark.change, tidemark.recorded_snapshot; update tidemark.horizon set snapshot = null`,
  );
  table = await database.trackedTable();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const change = (key: string): Promise<unknown> =>
  database.sql(`insert into ${table} (id) values ($1)`, [key]);

async function prune(keep = '1 hour'): Promise<number> {
  const [row] = await database.sql<{ removed: string }>('select public.tidemark_prune($1) as removed', [
    keep,
  ]);
  return Number(row!.removed);
}

/** What was recorded until now was recorded so much earlier. */
const age = (interval: string): Promise<unknown> =>
  database.sql(`update tidemark.recorded_snapshot set at = at - $1::interval`, [interval]);

const keysLeft = async (): Promise<string[]> =>
  (await database.sql<{ key: string }>(`select unnest(keys) as key from tidemark.change order by id`)).map(
    ({ key }) => key,
  );

test('a row goes when a snapshot in which it was visible is old enough, not before', async () => {
  await change('old');
  expect(await prune()).toBe(0);
  await change('new');
  expect(await prune()).toBe(0);
  await age('59 minutes');
  expect(await prune()).toBe(0);
  await age('1 minute');
  expect(await prune()).toBe(1);
  expect(await keysLeft()).toEqual(['new']);
});

test('the age of a row says nothing: rows of a transaction that commits late stay', async () => {
  const long = await database.session();
  await long.query(`begin; insert into ${table} (id) values ('late')`);
  const cursor = await database.changesSince();
  await change('short');
  expect(await prune()).toBe(0);
  await age('2 hours');
  await database.sql(`update tidemark.change set at = at - interval '2 hours'`);
  await long.query('commit');
  await database.sql(`update tidemark.change set at = at - interval '2 hours' where keys = '{late}'`);

  expect(await prune()).toBe(1);
  expect(await keysLeft()).toEqual(['late']);
  // The cursor of before is behind the horizon, and one of after finds the row.
  expect(await database.changesSince(cursor.snapshot)).toMatchObject({ pruned: true });
  const [recorded] = await database.sql<{ snapshot: string }>('select snapshot::text from tidemark.horizon');
  expect(await database.changesSince(recorded!.snapshot)).toMatchObject({
    pruned: false,
    changes: [{ table, keys: ['late'] }],
  });
});

test('a reader that may have missed something is told, and one that has seen it all is not', async () => {
  const before = await database.changesSince();
  await change('a');
  const after = await database.changesSince();
  expect(await prune('0')).toBe(1);
  expect(await database.changesSince(before.snapshot)).toMatchObject({ pruned: true });
  expect(await database.changesSince(after.snapshot)).toMatchObject({ pruned: false, changes: [] });
  expect(await database.changesSince()).toMatchObject({ pruned: false });
});

test('a reader that waits in its statement while rows are pruned still gets them', async () => {
  const cursor = await database.changesSince();
  await change('a');
  const [holder, reader] = [await database.session(), await database.session()];
  await holder.query('select pg_advisory_lock(9)');
  const reading = reader.query(
    'select pg_advisory_lock(9)::text, public.tidemark_changes_since($1, null) as answer',
    [cursor.snapshot],
  );
  await database.someoneWaits();
  expect(await prune('0')).toBe(1);
  await holder.query('select pg_advisory_unlock(9)');
  expect((await reading).rows[0].answer).toMatchObject({ pruned: false, changes: [{ table, keys: ['a'] }] });
});

test('the snapshots that are recorded stay few, however often it is called', async () => {
  for (let call = 1; call <= 300; call += 1) {
    await prune();
    await age('20 seconds');
  }
  const [recorded] = await database.sql<{ count: number }>(
    'select count(*)::int as count from tidemark.recorded_snapshot',
  );
  expect(recorded!.count).toBeLessThanOrEqual(62);
  expect(recorded!.count).toBeGreaterThan(50);
});

test('a call removes 50,000 rows at most, and the next one goes on', async () => {
  await database.sql(
    `insert into tidemark.change (tbl, keys) select $1, array[n::text] from generate_series(1, 50010) n`,
    [table],
  );
  expect(await prune('0')).toBe(50_000);
  expect(await prune('0')).toBe(10);
});

test('calls wait for each other, so that no two delete the same rows in another order', async () => {
  await change('a');
  const session = await database.session();
  await session.query(`begin; select public.tidemark_prune('0')`);
  const waiting = prune('1 day');
  await database.someoneWaits();
  await session.query('commit');
  expect(await waiting).toBe(0);
  expect(await keysLeft()).toEqual([]);
});

test.each(['-1 hour', null])('keep = %s is refused', async (keep) => {
  await expect(database.sql('select public.tidemark_prune($1)', [keep])).rejects.toThrow(
    'keep must be an interval of at least 0',
  );
});

test('what came from another server with a dump is forgotten, so that it does not end every lease', async () => {
  await change('mine');
  const start = await database.changesSince();
  const xmax = BigInt(start.snapshot.split(':')[1]!);
  const future = `${xmax + 1000n}:${xmax + 1000n}:`;
  await database.sql(`
    insert into tidemark.recorded_snapshot values (now() - interval '1 day', '${future}');
    update tidemark.horizon set snapshot = '${future}';
    insert into tidemark.change (tbl, keys, xid) values ('${table}', '{foreign}', '${xmax + 900n}')
  `);
  expect(await database.changesSince(start.snapshot)).toMatchObject({ pruned: true, changes: [] });
  await prune();
  expect(await keysLeft()).toEqual(['mine']);
  expect(await database.changesSince(start.snapshot)).toMatchObject({ pruned: false, changes: [] });
});

test('a clock that was set back does not stop pruning', async () => {
  await prune();
  await age('-1 year');
  await change('a');
  expect(await prune('0')).toBe(1);
});
