// The row that the checker compares an L2 value with.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
  await database.sql(`
    create table app.plain (id text primary key, at timestamptz);
    create table app.uuids (id uuid primary key);
    create table app.tuples (tenant text, id integer, primary key (tenant, id));
    insert into app.plain values ('a', '2026-11-21 10:00:00.5+02'), ('b:c%', null);
    insert into app.uuids values ('0a000000-0000-0000-0000-000000000001');
    insert into app.tuples values ('t:1', 7);
    select tidemark.track('app.plain', 'id'), tidemark.track('app.uuids', 'id'),
      tidemark.track('app.tuples', 'array[tenant, id::text]')`);
});
afterAll(() => database.close());

async function row(table: string, key: string): Promise<unknown> {
  const [found] = await database.sql<{ row: unknown }>('select public.tidemark_row($1, $2) as row', [
    table,
    key,
  ]);
  return found?.row;
}

describe('tidemark_row', () => {
  test('finds a row by its encoded key, with times that say where they are', async () => {
    expect(await row('app.plain', 'a')).toEqual({ id: 'a', at: '2026-11-21T08:00:00.5+00:00' });
    expect(await row('app.plain', 'b%3Ac%25')).toEqual({ id: 'b:c%', at: null });
    expect(await row('app.tuples', 't%3A1:7')).toEqual({ tenant: 't:1', id: 7 });
  });

  test('finds none where there is none, and where the key can be none', async () => {
    expect(await row('app.plain', 'x')).toBeNull();
    expect(await row('app.uuids', 'no uuid')).toBeNull();
    expect(await row('app.tuples', 't:8')).toBeNull();
  });

  test('takes another spelling for another key, as the cache does', async () => {
    const id = '0a000000-0000-0000-0000-000000000001';
    expect(await row('app.uuids', id)).toEqual({ id });
    expect(await row('app.uuids', id.toUpperCase())).toBeNull();
  });

  test('takes a key for a text, whatever it holds', async () => {
    expect(await row('app.plain', `'; drop table app.plain; --`)).toBeNull();
    expect(await row('app.tuples', `' or true --`)).toBeNull();
    expect(await row('app.plain', 'a')).not.toBeNull();
  });

  test('tells nothing of a table that is not tracked', async () => {
    await database.sql('create table app.private (id text primary key)');
    await expect(row('app.private', 'x')).rejects.toThrow('app.private is not tracked');
  });

  test('does not search a large table for a key that is no column', async () => {
    await database.sql(
      `insert into app.tuples select 'many', n from generate_series(1, 12000) n; analyze app.tuples`,
    );
    await expect(row('app.tuples', 't%3A1:7')).rejects.toThrow('too large to be searched');
  });
});
