// Changes by hand, generations and prefixes.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

describe('tidemark_invalidate', () => {
  const invalidate = (table: string, keys: readonly (string | null)[] | null): Promise<unknown> =>
    database.sql('select public.tidemark_invalidate($1, $2)', [table, keys]);

  test('journals encoded keys once each, as a change like any other', async () => {
    const table = await database.trackedTable();
    const start = await database.changesSince();
    expect(await database.journaled(table, () => invalidate(table, ['b', 'a%3Ab', 'b']))).toEqual([
      ['a%3Ab', 'b'],
    ]);
    expect((await database.changesSince(start.snapshot)).changes).toEqual([{ table, keys: ['a%3Ab', 'b'] }]);
  });

  test('without keys, with a null among them, or with more than 1,000 it names the whole table', async () => {
    const table = await database.trackedTable();
    const many = Array.from({ length: 1001 }, (_, index) => `k${index}`);
    const journaled = await database.journaled(table, async () => {
      await database.sql('select public.tidemark_invalidate($1)', [table]);
      await invalidate(table, null);
      await invalidate(table, ['a', null]);
      await invalidate(table, many);
    });
    expect(journaled).toEqual([null, null, null, null]);
  });

  test('with an empty list it journals nothing', async () => {
    const table = await database.trackedTable();
    expect(await database.journaled(table, () => invalidate(table, []))).toEqual([]);
  });

  test('of a table that is not tracked is refused', async () => {
    const table = await database.table();
    await expect(invalidate(table, null)).rejects.toThrow(`${table} is not tracked`);
    await expect(database.sql('select public.tidemark_invalidate(null)')).rejects.toThrow(
      'null is not tracked',
    );
  });
});

describe('tidemark_next_generation', () => {
  async function next(atLeast?: number): Promise<number> {
    const [row] =
      atLeast === undefined
        ? await database.sql<{ generation: string }>('select public.tidemark_next_generation() as generation')
        : await database.sql<{ generation: string }>(
            'select public.tidemark_next_generation($1) as generation',
            [atLeast],
          );
    return Number(row!.generation);
  }

  test('each is greater than all before and than what the caller knows', async () => {
    const first = await next();
    expect(await next()).toBeGreaterThan(first);
    const jumped = await next(first + 1_000_000);
    expect(jumped).toBeGreaterThan(first + 1_000_000);
    expect(await next(5)).toBeGreaterThan(jumped);
    expect(await next()).toBeGreaterThan(jumped + 1);
  });

  test('a caller waits until the one before it is on disk', async () => {
    const [first, second] = [await database.session(), await database.session()];
    await first.query('begin');
    const { rows } = await first.query<{ generation: string }>(
      'select public.tidemark_next_generation() as generation',
    );
    const waiting = second.query<{ generation: string }>(
      'select public.tidemark_next_generation() as generation',
    );
    await database.someoneWaits();
    await first.query('commit');
    expect(Number((await waiting).rows[0]!.generation)).toBeGreaterThan(Number(rows[0]!.generation));
  });

  test('one that was given to a transaction that rolled back is not given again', async () => {
    const session = await database.session();
    await session.query('begin');
    const { rows } = await session.query<{ generation: string }>(
      'select public.tidemark_next_generation() as generation',
    );
    await session.query('rollback');
    expect(await next()).toBeGreaterThan(Number(rows[0]!.generation));
  });
});

describe('tidemark_add_prefix', () => {
  const add = (table: string, prefix: string | null): Promise<unknown> =>
    database.sql('select public.tidemark_add_prefix($1, $2)', [table, prefix]);

  test('adds what is new, and what is there changes nothing', async () => {
    const table = await database.table();
    await database.track(table, 'id', ['copilot:a']);
    const first = await database.changesSince();
    await add(table, 'copilot:a');
    expect((await database.changesSince()).watchHash).toBe(first.watchHash);
    await add(table, '{copilot}:b');
    const second = await database.changesSince();
    expect(second.watch![table]!.prefixes).toEqual(['copilot:a', '{copilot}:b']);
    expect(second.watchHash).not.toBe(first.watchHash);
  });

  test('prefixes added at the same time are all there', async () => {
    const table = await database.trackedTable();
    const prefixes = Array.from({ length: 10 }, (_, index) => `p${index}`);
    await Promise.all(prefixes.map((prefix) => add(table, prefix)));
    expect((await database.changesSince()).watch![table]!.prefixes.toSorted()).toEqual(prefixes);
  });

  test('a prefix waits for a migration that tracks, and both succeed', async () => {
    const [one, two] = [await database.trackedTable(), await database.trackedTable()];
    const migration = await database.session();
    await migration.query(`begin; select tidemark.track('${one}', 'lower(id)')`);
    const adding = add(two, 'added');
    await database.someoneWaits();
    await migration.query(`select tidemark.track('${two}', 'id', '{tracked}'); commit`);
    await adding;
    expect((await database.changesSince()).watch![two]!.prefixes).toEqual(['tracked', 'added']);
  });

  test('a 33rd prefix, one that is not valid and a table that is not tracked are refused', async () => {
    const table = await database.table();
    await database.track(
      table,
      'id',
      Array.from({ length: 32 }, (_, index) => `p${index}`),
    );
    await add(table, 'p31');
    await expect(add(table, 'p32')).rejects.toThrow('at most 32 prefixes, got 33');
    await expect(add(await database.trackedTable(), 'a b')).rejects.toThrow('a prefix must be');
    await expect(add(await database.trackedTable(), null)).rejects.toThrow('a prefix must be');
    await expect(add('app.nothing', 'p')).rejects.toThrow('app.nothing is not tracked');
  });
});
