// What every journal on a real database must do, whatever way its calls take. The tables are made by the suite.
import { type Cursor, isContinuous, type Journal, type JournalRead } from '@tidemark/protocol';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const itemTable = 'public.item';

export interface JournalUnderTest {
  readonly journal: Journal;
  /** For changes by SQL. */
  readonly databaseUrl: string;
}

/** @param open called once; the database has the migrations */
export function describeJournal(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(name, () => {
    let journal: Journal;
    let pool: Pool;
    let rows = 0;

    beforeAll(async () => {
      const opened = await open();
      journal = opened.journal;
      pool = new Pool({ connectionString: opened.databaseUrl, max: 8 });
      await pool.query('create table public.item (id text primary key, value integer not null default 0)');
      await pool.query(`select tidemark.track('public.item', 'id', array['copilot:item'])`);
    });

    afterAll(async () => {
      await pool.end();
      await journal.close();
    });

    function read(since: Cursor | null): Promise<JournalRead> {
      const { signal } = new AbortController();
      const knownWatchHash = since?.watchHash ?? null;
      return journal.read({ since: since?.snapshot ?? null, knownWatchHash, signal });
    }

    async function present(): Promise<Cursor> {
      return (await read(null)).cursor;
    }

    async function insert(): Promise<string> {
      rows += 1;
      await pool.query('insert into public.item (id) values ($1)', [`row${rows}`]);
      return `row${rows}`;
    }

    test('asked without a cursor says where the present is, and what is watched', async () => {
      await insert();
      const { changes, watch, cursor, ...rest } = await read(null);
      expect(changes).toEqual([]);
      expect(watch?.get(itemTable)).toMatchObject({ namespace: 'main', problem: null });
      expect(rest).toEqual({ isInRecovery: false, wentBack: false, wasPruned: false, transactions: [] });
      expect(cursor.snapshot).toMatch(/^\d+:\d+:/);
      expect(JSON.parse(cursor.server)).toMatchObject({ startedAt: expect.stringMatching(/^\d+$/) });
    });

    test('tells a change once: to the cursor before it, and not to the cursor after it', async () => {
      const before = await present();
      const key = await insert();
      const first = await read(before);
      expect(first.changes).toEqual([{ table: itemTable, keys: [key] }]);
      expect(isContinuous(before, first)).toBe(true);
      const second = await read(first.cursor);
      expect(second.changes).toEqual([]);
      expect(isContinuous(first.cursor, second)).toBe(true);
    });

    test('tells a change to a glance as to a read, and goes on under the watch and the server of before', async () => {
      const before = await present();
      const key = await insert();
      const glance = await journal.glance?.({ since: before, timeoutMs: 2_000 });
      expect(glance).toMatchObject({
        changes: [{ table: itemTable, keys: [key] }],
        isInRecovery: false,
        wentBack: false,
        wasPruned: false,
        cursor: { server: before.server, watchHash: before.watchHash },
      });
      expect(glance?.transactions).toHaveLength(1);
      expect((await read(glance?.cursor ?? null)).changes).toEqual([]);
    });

    test('a glance tells the server of the cursor from another one, and refuses a damaged cursor', async () => {
      const before = await present();
      const elsewhere = { ...before, server: JSON.stringify({ startedAt: '1' }) };
      const glance = await journal.glance?.({ since: elsewhere, timeoutMs: 2_000 });
      expect(glance && isContinuous(elsewhere, glance)).toBe(false);
      const damaged = { ...before, snapshot: 'by a stranger' };
      expect(await journal.glance?.({ since: damaged, timeoutMs: 2_000 })).toBeNull();
    });

    test('sends the watch only to who does not know it', async () => {
      const before = await present();
      expect((await read(before)).watch).toBeNull();
      expect((await read({ ...before, watchHash: 'another' })).watch).not.toBeNull();
    });

    test('tells the old and the new key of a row whose key changed', async () => {
      const key = await insert();
      const before = await present();
      await pool.query('update public.item set id = $2 where id = $1', [key, `${key}'`]);
      const [change] = (await read(before)).changes;
      expect([...(change?.keys ?? [])].sort()).toEqual([key, `${key}'`]);
    });

    test('does not tell what was rolled back', async () => {
      const before = await present();
      await pool.query(`begin; insert into public.item (id) values ('never'); rollback`);
      expect((await read(before)).changes).toEqual([]);
    });

    test('tells of TRUNCATE and of more than 1,000 keys as the whole table', async () => {
      let before = await present();
      await pool.query(`insert into public.item (id) select 'bulk' || n from generate_series(1, 1001) as n`);
      expect((await read(before)).changes).toEqual([{ table: itemTable, keys: null }]);
      before = await present();
      await pool.query('truncate public.item');
      expect((await read(before)).changes).toEqual([{ table: itemTable, keys: null }]);
    });

    test('writes changes by hand that are told like any other, and none for an unknown table', async () => {
      let before = await present();
      await journal.invalidate(itemTable, ['by:hand', 'other']);
      expect((await read(before)).changes).toEqual([{ table: itemTable, keys: ['by:hand', 'other'] }]);
      before = await present();
      await journal.invalidate(itemTable, null);
      expect((await read(before)).changes).toEqual([{ table: itemTable, keys: null }]);
      await expect(journal.invalidate('public.nobody', ['k'])).rejects.toThrow(
        'public.nobody is not tracked',
      );
    });

    test('gives out every generation once, above all that were given and above what it is asked for', async () => {
      const first = await journal.nextGeneration(0);
      const [second, third] = await Promise.all([journal.nextGeneration(0), journal.nextGeneration(0)]);
      expect(Math.min(second, third)).toBeGreaterThan(first);
      expect(second).not.toBe(third);
      const high = await journal.nextGeneration(first + 1_000);
      expect(high).toBe(first + 1_001);
      expect(await journal.nextGeneration(0)).toBeGreaterThan(high);
    });

    test('adds a prefix to the watch, which is another watch then', async () => {
      const before = await present();
      await journal.addPrefix(itemTable, 'copilot:added');
      const after = await read(before);
      expect(after.watch?.get(itemTable)?.prefixes).toEqual(['copilot:item', 'copilot:added']);
      expect(isContinuous(before, after)).toBe(false);
      await journal.addPrefix(itemTable, 'copilot:added');
      expect(isContinuous(after.cursor, await read(after.cursor))).toBe(true);
      await expect(journal.addPrefix('public.nobody', 'copilot:x')).rejects.toThrow('not tracked');
    });

    test('says so when the cursor is of a future that the server does not know', async () => {
      const before = await present();
      const answer = await read({ ...before, snapshot: '900000000:900000000:' });
      expect(answer.wentBack).toBe(true);
    });

    test('says so when changes after the cursor may have been pruned', async () => {
      const before = await present();
      await insert();
      expect(await journal.prune()).toBeGreaterThanOrEqual(0);
      // What prune keeps for an hour, for this test it keeps for no time at all.
      await pool.query(`select public.tidemark_prune('0'), pg_sleep(0)`);
      await pool.query(`select public.tidemark_prune('0')`);
      expect((await read(before)).wasPruned).toBe(true);
      expect((await read(await present())).wasPruned).toBe(false);
    });

    test('shows a disabled trigger as another watch, with a problem that says what to run', async () => {
      const before = await present();
      await pool.query('alter table public.item disable trigger tidemark_update');
      const broken = await read(before);
      expect(isContinuous(before, broken)).toBe(false);
      expect(broken.watch?.get(itemTable)?.problem).toContain('select tidemark.track(');
      await pool.query('alter table public.item enable always trigger tidemark_update');
      const healed = await read(broken.cursor);
      expect(healed.watch?.get(itemTable)?.problem).toBeNull();
      // Enabled again is not as if it had never been off.
      expect(isContinuous(before, healed)).toBe(false);
    });

    test('tells nothing to who has given up already', async () => {
      const signal = AbortSignal.abort(new Error('given up'));
      await expect(journal.read({ since: null, knownWatchHash: null, signal })).rejects.toThrow();
    });

    test('tells each change of random concurrent writers exactly once, and no other (COHERENCE rows 31, 33)', async () => {
      const committed = new Set<string>();
      const told: string[] = [];
      const controller = new AbortController();
      let cursor = await present();

      async function tell(): Promise<void> {
        const next = await read(cursor);
        expect(isContinuous(cursor, next)).toBe(true);
        for (const { keys } of next.changes) told.push(...(keys ?? ['whole table']));
        cursor = next.cursor;
      }
      async function followAll(): Promise<void> {
        while (!controller.signal.aborted) await tell();
      }
      async function write(writer: number): Promise<void> {
        const client = await pool.connect();
        try {
          for (let turn = 0; turn < 40; turn += 1) await writeOnce(client, `${writer}.${turn}`, committed);
        } finally {
          client.release();
        }
      }
      const following = followAll();
      await Promise.all([0, 1, 2, 3, 4, 5].map(write));
      controller.abort();
      await following;
      await tell();

      expect(committed.size).toBeGreaterThan(100);
      expect(told.toSorted()).toEqual([...committed].toSorted());
    });
  });
}

interface Session {
  query(sql: string, values?: unknown[]): Promise<unknown>;
}

/** A transaction of random shape: long or short, with a savepoint that is rolled back, committed or not. */
async function writeOnce(session: Session, name: string, committed: Set<string>): Promise<void> {
  const kept: string[] = [];
  await session.query('begin');
  for (let row = 0; row < 1 + Math.random() * 3; row += 1) {
    const key = `${name}.${row}`;
    const isUndone = Math.random() < 0.2;
    if (isUndone) await session.query('savepoint undo');
    await session.query('insert into public.item (id) values ($1)', [key]);
    if (isUndone) await session.query('rollback to savepoint undo');
    else kept.push(key);
    if (Math.random() < 0.3) await session.query('select pg_sleep(random() * 0.01)');
  }
  const isCommitted = Math.random() < 0.8;
  await session.query(isCommitted ? 'commit' : 'rollback');
  if (isCommitted) for (const key of kept) committed.add(key);
}
