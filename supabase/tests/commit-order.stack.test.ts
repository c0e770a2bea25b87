// Exactly once, whatever the order of commits: no change is missed and none is told twice.
import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';
import { Poller } from './poller.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

describe('two transactions', () => {
  test('that commit in the other order are each told once, when they commit', async () => {
    const table = await database.trackedTable();
    const poller = await Poller.start(database, table);
    const [first, second] = [await database.session(), await database.session()];
    await first.query(`begin; insert into ${table} (id) values ('first')`);
    await second.query(`begin; insert into ${table} (id) values ('second')`);
    expect(await poller.poll()).toEqual([]);
    await second.query('commit');
    expect(await poller.poll()).toEqual(['second']);
    expect(await poller.poll()).toEqual([]);
    await first.query('commit');
    expect(await poller.poll()).toEqual(['first']);
    expect(await poller.poll()).toEqual([]);
  });

  test('of which the older one has not written when the younger one is read', async () => {
    const table = await database.trackedTable();
    const poller = await Poller.start(database, table);
    const older = await database.session();
    await older.query('begin; select pg_current_xact_id()');
    await database.sql(`insert into ${table} (id) values ('younger')`);
    expect(await poller.poll()).toEqual(['younger']);
    await older.query(`insert into ${table} (id) values ('older'); commit`);
    expect(await poller.poll()).toEqual(['older']);
  });

  test('of which one is rolled back: only the other one is told', async () => {
    const table = await database.trackedTable();
    const poller = await Poller.start(database, table);
    const session = await database.session();
    await session.query(`begin; insert into ${table} (id) values ('undone')`);
    await database.sql(`insert into ${table} (id) values ('done')`);
    await poller.poll();
    await session.query('rollback');
    await poller.poll();
    expect(poller.told).toEqual(new Map([['done', 1]]));
  });

  test('a prepared transaction is told when it is committed', async () => {
    const prepared = await TestDatabase.start({ settings: { max_prepared_transactions: 2 } });
    try {
      const table = await prepared.trackedTable();
      const poller = await Poller.start(prepared, table);
      await prepared.sql(`begin; insert into ${table} (id) values ('two phases'); prepare transaction 'p'`);
      expect(await poller.poll()).toEqual([]);
      await prepared.sql(`commit prepared 'p'`);
      expect(await poller.poll()).toEqual(['two phases']);
    } finally {
      await prepared.close();
    }
  });
});

/** A small generator (mulberry32): the seed of a red run is in the name of its test. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Writer {
  readonly session: Client;
  readonly name: string;
  readonly table: string;
  readonly random: (below: number) => number;
  /** Called when the transaction is over; what was rolled back is not among the keys. */
  readonly onCommit: (keys: readonly string[]) => void;
}

/** Transactions of one to four statements, with savepoints that are kept or undone, and an end that is either. */
async function writeAtRandom({ session, name, table, random, onCommit }: Writer): Promise<void> {
  for (let transaction = 1; transaction <= 40; transaction += 1) {
    const committed: string[] = [];
    await session.query('begin');
    // Ids of transactions are handed out at the first write: let some take theirs early.
    if (random(3) === 0) await session.query('select pg_current_xact_id()');
    const statements = 1 + random(4);
    for (let statement = 1; statement <= statements; statement += 1) {
      const key = `${name}.${transaction}.${statement}`;
      const fate = random(4);
      if (fate < 2) await session.query('savepoint s');
      await session.query(`insert into ${table} (id) values ($1)`, [key]);
      if (fate === 0) await session.query('rollback to savepoint s');
      else committed.push(key);
      for (let pause = random(3); pause > 0; pause -= 1) await session.query('select 1');
    }
    const isCommitted = random(4) > 0;
    await session.query(isCommitted ? 'commit' : 'rollback');
    if (isCommitted) onCommit(committed);
  }
}

test.each([1, 2, 3, 4, 5])(
  'six random writers and a poller: none missed, none doubled (seed %i)',
  async (seed) => {
    const table = await database.trackedTable();
    const poller = await Poller.start(database, table);
    const expected: string[] = [];
    const over = new AbortController();
    const polling = poller.pollUntil(over.signal);
    const writers = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => ({
        session: await database.session(),
        name: `w${index}`,
        table,
        random: randomFrom(seed * 1000 + index),
        onCommit: (keys: readonly string[]) => void expected.push(...keys),
      })),
    );
    try {
      await Promise.all(writers.map(writeAtRandom));
    } finally {
      over.abort();
      await polling;
    }
    await poller.poll();

    expect(await polling).toBeGreaterThan(20);
    expect([...poller.told.keys()].sort()).toEqual(expected.sort());
    expect(new Set(poller.told.values())).toEqual(new Set([1]));
    // What the keys say the rows say too: nothing was written that was not told.
    const rows = await database.sql<{ id: string }>(`select id from ${table} order by id collate "C"`);
    expect(rows.map(({ id }) => id)).toEqual(expected);
  },
);

test('a long open transaction beside many short ones holds none of them up', async () => {
  const table = await database.trackedTable();
  const poller = await Poller.start(database, table);
  const long = await database.session();
  await long.query(`begin; insert into ${table} (id) values ('long')`);
  for (let n = 1; n <= 100; n += 1) {
    await database.sql(`insert into ${table} (id) values ($1)`, [`short${n}`]);
    expect(await poller.poll()).toEqual([`short${n}`]);
  }
  await long.query('commit');
  expect(await poller.poll()).toEqual(['long']);
  expect(new Set(poller.told.values())).toEqual(new Set([1]));
});
