// What a restart, a crash and a promotion do to the answer, and to generations.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Answer, TestDatabase } from './database.ts';
import { Poller } from './poller.ts';

let database: TestDatabase;
afterEach(() => database.close());

/** On a connection made for it: the ones of before a restart are dead. */
async function call<T>(text: string, values: readonly unknown[] = []): Promise<T> {
  const session = await database.session();
  const { rows } = await session.query<{ value: T }>(`select ${text} as value`, [...values]);
  await session.end();
  return rows[0]!.value;
}

const changesSince = (prev: string | null): Promise<Answer> =>
  call<Answer>('public.tidemark_changes_since($1)', [prev]);

test('a restart is another life of the same server, which has all commits', async () => {
  database = await TestDatabase.start();
  const table = await database.trackedTable();
  const before = await changesSince(null);
  await database.sql(`insert into ${table} (id) values ('a')`);
  await database.server.restart();
  const after = await changesSince(before.snapshot);
  expect(after.server.startedAt).not.toBe(before.server.startedAt);
  expect(after.server.systemId).toBe(before.server.systemId);
  expect(after).toMatchObject({ wentBack: false, changes: [{ table, keys: ['a'] }] });
  expect(after.watchHash).toBe(before.watchHash);
});

test('a generation is never given twice, also when the server dies without having written its log', async () => {
  // Nothing but a commit that waits for it brings the log to disk.
  database = await TestDatabase.start({
    settings: { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' },
  });
  const admin = await database.session('supabase_admin');
  await admin.query('checkpoint');
  let known = 0;
  for (let life = 1; life <= 5; life += 1) {
    const session = await database.session();
    // What a rollback leaves unwritten, the next caller must not count on.
    await session.query('begin; select public.tidemark_next_generation(); rollback');
    const { rows } = await session.query<{ generation: string }>(
      'select public.tidemark_next_generation() as generation',
    );
    expect(Number(rows[0]!.generation)).toBeGreaterThan(known);
    known = Number(rows[0]!.generation);
    await database.server.kill();
    await database.server.start();
  }
});

test('a standby says that it is one; promoted, it goes on with the same snapshots on another timeline', async () => {
  database = await TestDatabase.start();
  const table = await database.trackedTable();
  const poller = await Poller.start(database, table);
  await database.sql(`insert into ${table} (id) values ('before')`);
  await poller.poll();
  const primary = poller.last;

  await database.server.stop();
  await writeFile(path.join(database.server.dataFolder, 'standby.signal'), '');
  // Resolves only when it accepts writes, which is after the promotion.
  const promoted = database.server.start();
  await expect
    .poll(() => changesSince(primary.snapshot).catch(() => null), { timeout: 20_000 })
    .toMatchObject({
      server: { recovery: true, timeline: null, systemId: primary.server.systemId },
      wentBack: false,
      changes: [],
    });
  const admin = await database.session('supabase_admin');
  await admin.query('select pg_promote()');
  await promoted;

  const after = await changesSince(primary.snapshot);
  expect(after).toMatchObject({ server: { recovery: false, timeline: 2 }, wentBack: false, changes: [] });
  expect(after.watchHash).toBe(primary.watchHash);
});
