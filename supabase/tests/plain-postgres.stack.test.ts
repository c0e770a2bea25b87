// The journal without Supabase: no API roles, no publication, no Realtime. Its migrations are all but the last one.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startPostgres } from '../../packages/devstack/src/postgres/index.ts';
import type { Answer } from './database.ts';

const migrationsFolder = path.join(import.meta.dirname, '../migrations');

test('the journal works on a plain PostgreSQL', async () => {
  await using server = await startPostgres();
  const admin = new Client({ connectionString: server.urlFor('supabase_admin') });
  await admin.connect();
  for (const role of ['anon', 'authenticated', 'service_role']) {
    await admin.query(`alter role ${role} rename to former_${role}`);
  }
  await admin.query('create database plain owner postgres template template0');
  await admin.end();

  const client = new Client({ connectionString: server.url.replace(/postgres$/, 'plain') });
  await client.connect();
  try {
    const names = (await readdir(migrationsFolder)).filter((name) => name.includes('_tidemark_')).sort();
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) await client.query(await readFile(path.join(migrationsFolder, name), 'utf8'));

    await client.query(
      `create table public.customers (id text); select tidemark.track('public.customers', 'id')`,
    );
    const read = async (prev: string | null): Promise<Answer> => {
      const { rows } = await client.query<{ answer: Answer }>(
        'select public.tidemark_changes_since($1) as answer',
        [prev],
      );
      return rows[0]!.answer;
    };
    const start = await read(null);
    await client.query(`insert into public.customers values ('a')`);
    expect(await read(start.snapshot)).toMatchObject({
      watch: { 'public.customers': { problem: null } },
      changes: [{ table: 'public.customers', keys: ['a'] }],
    });
  } finally {
    await client.end();
  }
});
