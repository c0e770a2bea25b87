import { applyMigrations, type PostgresServer, startPostgres } from '@tidemark/devstack';
import type { Journal } from '@tidemark/protocol';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeJournal } from '../testing/journal-suite.ts';
import { migrationsFolder } from '../testing/migrations.ts';
import { runSql } from '../testing/sql.ts';
import { postgresJournal } from './postgres-journal.ts';

let postgres: PostgresServer;
const open: Journal[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  await applyMigrations({ databaseUrl: postgres.url, folder: migrationsFolder });
});

afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
});

afterAll(() => postgres.close());

describeJournal('the journal over a direct connection', async () => ({
  journal: postgresJournal({ connectionString: postgres.url }),
  databaseUrl: postgres.url,
}));

/** The database under another name, role or password. */
function urlWith(change: (url: URL) => void): string {
  const url = new URL(postgres.url);
  change(url);
  return url.href;
}

function readOver(connectionString: string): ReturnType<Journal['read']> {
  const journal = postgresJournal({ connectionString, statementTimeoutMs: 500 });
  open.push(journal);
  const { signal } = new AbortController();
  return journal.read({ since: null, knownWatchHash: null, signal });
}

test('a pruning has a deadline of its own: a slow one is waited for, while a read gives up', async () => {
  const journal = postgresJournal({ connectionString: postgres.url, statementTimeoutMs: 200 });
  open.push(journal);
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('begin; lock table tidemark.horizon in access exclusive mode');
  const pruning = journal.prune();
  const { signal } = new AbortController();
  const read = journal.read({ since: null, knownWatchHash: null, signal });
  await expect(read).rejects.toMatchObject({ message: expect.stringContaining('timeout') });
  await client.end();
  expect(await pruning).toBe(0);
});

describe('a journal that cannot be read says why and what to do', () => {
  test('a wrong password', async () => {
    await expect(readOver(urlWith((url) => (url.password = 'wrong')))).rejects.toMatchObject({
      code: 'JOURNAL_KEY_REFUSED',
      message: 'PostgreSQL refused the user or the password of DATABASE_URL',
    });
  });

  test('a role that may not', async () => {
    await expect(readOver(postgres.urlFor('authenticator'))).rejects.toMatchObject({
      code: 'JOURNAL_KEY_REFUSED',
      message: 'the database role may not read the journal: connect as its owner or service_role',
    });
  });

  test('no such database', async () => {
    await expect(readOver(urlWith((url) => (url.pathname = '/nowhere')))).rejects.toMatchObject({
      code: 'JOURNAL_NOT_FOUND',
      message: expect.stringContaining('check the name at the end of the URL'),
    });
  });

  test('migrations that were not applied', async () => {
    await runSql(postgres.urlFor('supabase_admin'), 'create database empty');
    await expect(readOver(urlWith((url) => (url.pathname = '/empty')))).rejects.toMatchObject({
      code: 'JOURNAL_NOT_INSTALLED',
      message: expect.stringContaining('apply supabase/migrations'),
    });
  });

  test('nobody there', async () => {
    await expect(readOver(urlWith((url) => (url.port = '1')))).rejects.toMatchObject({
      code: 'JOURNAL_UNREADABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('an answer that does not come', async () => {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('begin; lock table tidemark.horizon in access exclusive mode');
    await expect(readOver(postgres.url)).rejects.toMatchObject({
      code: 'JOURNAL_UNREADABLE',
      message: expect.stringContaining('timeout'),
    });
    await client.end();
  });

  test('an answer of another version', async () => {
    await runSql(postgres.urlFor('supabase_admin'), 'create database older owner postgres');
    const url = urlWith((to) => (to.pathname = '/older'));
    await runSql(
      url,
      `create function public.tidemark_changes_since(text, text) returns jsonb
      language sql as $$ select '{"snapshot": "1:1:"}'::jsonb $$`,
    );
    await expect(readOver(url)).rejects.toMatchObject({
      code: 'JOURNAL_ANSWER_INVALID',
      message: expect.stringContaining('apply the migrations of this version'),
    });
  });
});
