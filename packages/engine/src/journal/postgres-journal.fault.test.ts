// A PostgreSQL that restarts, crashes, stands still or follows another one: what a journal says of it, and that it goes
// on by itself.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyMigrations, type PostgresServer, startPostgres, until } from '@tidemark/devstack';
import { type Cursor, isContinuous, type Journal, type JournalRead } from '@tidemark/protocol';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrationsFolder } from '../testing/migrations.ts';
import { runSql } from '../testing/sql.ts';
import { postgresJournal } from './postgres-journal.ts';

let postgres: PostgresServer;
let journal: Journal;

beforeAll(async () => {
  postgres = await startPostgres();
  await applyMigrations({ databaseUrl: postgres.url, folder: migrationsFolder });
  await run(`create table public.item (id text primary key);
    select tidemark.track('public.item', 'id', array['copilot:item'])`);
});

beforeEach(() => {
  journal = postgresJournal({ connectionString: postgres.url, statementTimeoutMs: 500 });
});

afterEach(() => journal.close());

afterAll(() => postgres.close());

async function run(sql: string): Promise<void> {
  await runSql(postgres.url, sql);
}

function read(since: Cursor | null = null): Promise<JournalRead> {
  const { signal } = new AbortController();
  return journal.read({ since: since?.snapshot ?? null, knownWatchHash: since?.watchHash ?? null, signal });
}

/** The first read that succeeds. */
async function readAgain(since: Cursor): Promise<JournalRead> {
  let answer: JournalRead | undefined;
  await until(async () => (answer = await read(since).catch(() => undefined)) !== undefined, {
    what: 'a journal that can be read again',
  });
  return answer as JournalRead;
}

describe.each(['fast', 'immediate'] as const)('after a restart of the server (%s)', (mode) => {
  test('reading goes on by itself, from a server that says it is another life', async () => {
    const { cursor } = await read();
    await postgres.stop(mode);
    await expect(read(cursor)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
    await postgres.start();
    const after = await readAgain(cursor);
    expect(after.cursor.server).not.toBe(cursor.server);
    expect(isContinuous(cursor, after)).toBe(false);
    expect(isContinuous(after.cursor, await read(after.cursor))).toBe(true);
  });

  test('generations still grow, whatever of the sequence was on disk', async () => {
    const before = await journal.nextGeneration(0);
    await postgres.restart(mode);
    const { cursor } = await read().catch(() => readAgain({ snapshot: '1:1:', server: '', watchHash: '' }));
    expect(cursor.snapshot).toBeTruthy();
    expect(await journal.nextGeneration(0)).toBeGreaterThan(before);
  });
});

test('a server that was killed with commits of synchronous_commit = off names another life, whatever its snapshot says', async () => {
  const { cursor } = await read();
  await run(`set synchronous_commit = off; insert into public.item values ('lost?')`);
  await postgres.kill();
  await postgres.start();
  expect(isContinuous(cursor, await readAgain(cursor))).toBe(false);
});

test('a server that recovers from the death of a backend names another life: it gives out transaction ids again (R1)', async () => {
  const before = await read();
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  // Nothing waits for the log of a rollback: whether its id is given out again is chance.
  await client.query(`begin; insert into public.item values ('rolled back'); rollback`);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { cursor } = await read();
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  await until(async () => (await read(cursor).catch(() => undefined)) === undefined, {
    what: 'the end of all connections',
  });
  const after = await readAgain(cursor);
  const startOf = ({ server }: Cursor): unknown => (JSON.parse(server) as { startedAt: unknown }).startedAt;
  expect(startOf(after.cursor)).toBe(startOf(before.cursor));
  expect(after.cursor.server).not.toBe(cursor.server);
  expect(isContinuous(cursor, after)).toBe(false);
  expect(isContinuous(after.cursor, await read(after.cursor))).toBe(true);
});

test('a standby says that it is one and gives out no generation; promoted, it is another server', async () => {
  const { cursor } = await read();
  await postgres.stop();
  await writeFile(path.join(postgres.dataFolder, 'standby.signal'), '', { mode: 0o666 });
  // It counts as started when it takes writes, which is after the promotion.
  const started = postgres.start();
  await until(async () => (await read().catch(() => undefined))?.isInRecovery === true, {
    what: 'an answer of the standby',
  });
  await expect(journal.nextGeneration(0)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  await runSql(postgres.urlFor('supabase_admin'), 'select pg_promote()');
  await started;
  const after = await readAgain(cursor);
  expect(after.isInRecovery).toBe(false);
  expect(isContinuous(cursor, after)).toBe(false);
  const timelineOf = ({ server }: Cursor): unknown => (JSON.parse(server) as { timeline: unknown }).timeline;
  expect(timelineOf(after.cursor)).not.toEqual(timelineOf(cursor));
});

test('a server that stands still fails the read in time, and is read again when it goes on', async () => {
  const { cursor } = await read();
  await postgres.freeze();
  await expect(read(cursor)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  await expect(read(cursor)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  postgres.thaw();
  await run(`insert into public.item values ('after')`);
  const after = await readAgain(cursor);
  expect(isContinuous(cursor, after)).toBe(true);
  expect(after.changes).toEqual([{ table: 'public.item', keys: ['after'] }]);
});

test('connections that the server ended are replaced', async () => {
  const { cursor } = await read();
  await run(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark'`);
  const after = await readAgain(cursor);
  expect(isContinuous(cursor, after)).toBe(true);
});

test('a pool that is closed while the server is away closes', async () => {
  await read();
  await postgres.stop();
  await expect(journal.close()).resolves.toBeUndefined();
  await postgres.start();
  journal = postgresJournal({ connectionString: postgres.url });
});
