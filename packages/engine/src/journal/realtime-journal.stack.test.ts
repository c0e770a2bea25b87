import { createClient } from '@supabase/supabase-js';
import { type Stack, startStack, until } from '@tidemark/devstack';
import type { Journal, JournalRead, TableChange } from '@tidemark/protocol';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realtimeJournal } from './realtime-journal.ts';

let stack: Stack;
let sql: Client;
let journal: Journal;

beforeAll(async () => {
  stack = await startStack({ migrations: 'none', redis: false });
  sql = new Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  await sql.query(`
    create table public.my_flags (id bigint primary key, name text unique, note text);
    create table public.myxflags (like public.my_flags including all);
    grant all on public.my_flags, public.myxflags to service_role;
    alter publication supabase_realtime add table public.my_flags, public.myxflags;
  `);
});

afterAll(async () => {
  await sql.end();
  await stack.close();
});

// TRUNCATE is not announced: nothing of it reaches the next test.
beforeEach(() => sql.query('truncate public.my_flags, public.myxflags'));

afterEach(() => journal.close());

function read(since: string | null): Promise<JournalRead> {
  return journal.read({ since, knownWatchHash: null, signal: AbortSignal.timeout(20_000) });
}

type Heard = (change: TableChange) => boolean;

/** Opens the journal, keyed by `column`; resolves with a reader of all changes from that moment on. */
async function follow(column: string): Promise<(what: string, isHeard: Heard) => Promise<TableChange[]>> {
  journal = realtimeJournal({
    supabase: createClient(stack.url, stack.serviceRoleKey),
    tables: [{ table: 'public.my_flags', key: [column], prefixes: ['copilot:flags'] }],
  });
  let from = '';
  const isListening = async (): Promise<boolean> => {
    from = (await read(null).catch(() => undefined))?.cursor.snapshot ?? '';
    return from !== '';
  };
  await until(isListening, { what: 'the channel to be told ok' });
  return async (what, isHeard) => {
    let changes: readonly TableChange[] = [];
    const hasCome = async (): Promise<boolean> => {
      // Rejected while the channel is deaf, which a restart makes it.
      const answer = await read(from).catch(() => undefined);
      if (answer?.wasPruned === true) throw new Error('the journal forgot what nobody has published');
      changes = answer?.changes ?? [];
      return changes.some(isHeard);
    };
    await until(hasCome, { what });
    return [...changes];
  };
}

const names =
  (key: string): Heard =>
  (change) =>
    change.keys?.includes(key) === true;
const namesAll: Heard = (change) => change.keys === null;

describe('a best-effort journal, on a Realtime server', () => {
  it('names the keys of what is inserted, changed, moved and deleted, in order', async () => {
    const changes = await follow('id');
    await sql.query(`insert into public.my_flags (id, name) values (1, 'a')`);
    await sql.query(`update public.my_flags set name = 'b' where id = 1`);
    await sql.query(`update public.my_flags set id = 2 where id = 1`);
    await sql.query(`delete from public.my_flags where id = 2`);
    await sql.query(`insert into public.my_flags (id) values (3)`);
    expect((await changes('the last key', names('3'))).map(({ keys }) => keys)).toEqual([
      ['1'],
      ['1'],
      ['1', '2'],
      ['2'],
      ['3'],
    ]);
  });

  it('names the whole table where the event lacks the key', async () => {
    const changes = await follow('name');
    await sql.query(`insert into public.my_flags (id, name) values (1, 'a')`);
    await changes('the inserted key', names('a'));
    await sql.query(`delete from public.my_flags where id = 1`);
    expect(await changes('the whole table', namesAll)).toEqual([
      { table: 'public.my_flags', keys: ['a'] },
      { table: 'public.my_flags', keys: null },
    ]);
  });

  it('names the whole table for a number that JSON rounds', async () => {
    const changes = await follow('id');
    await sql.query(`insert into public.my_flags (id) values (9007199254740993)`);
    expect(await changes('the whole table', namesAll)).toHaveLength(1);
  });

  it('names the whole table for a row that is too large to be sent', async () => {
    const changes = await follow('id');
    await sql.query(
      `insert into public.my_flags (id, note) select 1, string_agg(md5(n::text), '') from generate_series(1, 40000) n`,
    );
    expect(await changes('the whole table', namesAll)).toHaveLength(1);
  });

  it('names the whole table after the server was restarted', async () => {
    const changes = await follow('id');
    await stack.realtime.restart(1012);
    await sql.query(`insert into public.my_flags (id) values (1)`);
    await changes('the whole table', namesAll);
    await sql.query(`update public.my_flags set name = 'b'`);
    await changes('a change after it', names('1'));
  });

  it('does not hear tables whose names only resemble the one it follows', async () => {
    const changes = await follow('id');
    await sql.query(`insert into public.myxflags (id) values (7)`);
    await sql.query(`insert into public.my_flags (id) values (8)`);
    expect(await changes('the key', names('8'))).toEqual([{ table: 'public.my_flags', keys: ['8'] }]);
  });
});
