import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../postgres/index.ts';
import { applyMigrations } from './migrations.ts';

let postgres: PostgresServer;
let client: Client;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
  client = new Client({ connectionString: postgres.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await postgres.close();
});

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-migrations-'));
  await client.query('drop schema if exists supabase_migrations cascade; drop schema if exists shop cascade');
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

function apply(seedFile?: string): ReturnType<typeof applyMigrations> {
  return applyMigrations({
    databaseUrl: postgres.url,
    folder,
    ...(seedFile === undefined ? {} : { seedFile: path.join(folder, seedFile) }),
  });
}

test('files are applied in the order of their names, each once, and recorded', async () => {
  write('20260102000000_second.sql', 'create table shop.things (id integer);');
  write('20260101000000_first.sql', 'create schema shop;');
  write('notes.sql', 'this is no migration');
  expect(await apply()).toEqual({
    applied: ['20260101000000', '20260102000000'],
    present: [],
    ignored: ['notes.sql'],
  });
  write('20260103000000_third.sql', 'insert into shop.things values (1);');
  expect(await apply()).toMatchObject({
    applied: ['20260103000000'],
    present: ['20260101000000', '20260102000000'],
  });
  expect(await apply()).toMatchObject({ applied: [] });
  const { rows } = await client.query(
    'select version, name from supabase_migrations.schema_migrations order by 1',
  );
  expect(rows).toEqual([
    { version: '20260101000000', name: 'first' },
    { version: '20260102000000', name: 'second' },
    { version: '20260103000000', name: 'third' },
  ]);
  expect((await client.query('select count(*)::int as n from shop.things')).rows).toEqual([{ n: 1 }]);
});

test('a file that fails is undone as a whole, says where, and those before it stay', async () => {
  write('20260101000000_good.sql', 'create schema shop;');
  write(
    '20260102000000_bad.sql',
    'create table shop.half (id integer);\n\ninsert into shop.nowhere values (1);',
  );
  await expect(apply()).rejects.toMatchObject({
    code: 'DEVSTACK_SQL',
    message: '20260102000000_bad.sql:3: relation "shop.nowhere" does not exist (42P01)',
  });
  expect((await client.query(`select to_regclass('shop.half') as half`)).rows).toEqual([{ half: null }]);
  write('20260102000000_bad.sql', 'create table shop.whole (id integer);');
  expect(await apply()).toMatchObject({ applied: ['20260102000000'], present: ['20260101000000'] });
});

test('a setting of one file does not reach the next', async () => {
  write('20260101000000_sets.sql', `create schema shop; set search_path = shop;`);
  write('20260102000000_uses.sql', 'create table unqualified (id integer);');
  await apply();
  expect((await client.query(`select to_regclass('public.unqualified') is not null as found`)).rows).toEqual([
    { found: true },
  ]);
  await client.query('drop table public.unqualified');
});

test('records without a file, and files before the last record, are refused', async () => {
  write('20260102000000_two.sql', 'create schema shop;');
  await apply();
  write('20260101000000_one.sql', 'select 1;');
  await expect(apply()).rejects.toThrow(
    'migrations would be inserted before 20260102000000, the last one applied: 20260101000000',
  );
  rmSync(path.join(folder, '20260102000000_two.sql'));
  await expect(apply()).rejects.toThrow('the database holds migrations that have no file: 20260102000000');
});

test('two processes at once apply each file once', async () => {
  write('20260101000000_one.sql', 'create schema shop; create table shop.things (id integer);');
  const results = await Promise.all([apply(), apply(), apply()]);
  expect(results.flatMap(({ applied }) => applied)).toEqual(['20260101000000']);
});

test('a seed runs after the migrations, each time', async () => {
  write('20260101000000_one.sql', 'create schema shop; create table shop.things (id integer);');
  write('seed.sql', 'insert into shop.things values (1);');
  await apply('seed.sql');
  await apply('seed.sql');
  expect((await client.query('select count(*)::int as n from shop.things')).rows).toEqual([{ n: 2 }]);
});
