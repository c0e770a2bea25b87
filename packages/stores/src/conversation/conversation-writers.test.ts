// "Every writer of the row invalidates" (#13) is tested writer by writer; here, that none was forgotten: the SQL of the
// migrations and the requests of the stores are read for whatever writes `conversations`.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { conversationWriters } from '../testing/conversation-writers.ts';

const root = path.join(import.meta.dirname, '../../../..');
const table = String.raw`copilot_internal\.conversations\b`;

async function read(folder: string, isWanted: (name: string) => boolean): Promise<Map<string, string>> {
  const names = (await readdir(path.join(root, folder), { recursive: true })).filter(isWanted);
  const texts = names.map((name) => readFile(path.join(root, folder, name), 'utf8'));
  return new Map((await Promise.all(texts)).map((text, index) => [names[index] ?? '', text]));
}

/** Without comments, which talk about tables too. */
async function migrations(): Promise<string> {
  const files = await read('supabase/migrations', (name) => name.endsWith('.sql'));
  return [...files.keys()]
    .toSorted()
    .map((name) => files.get(name)?.replaceAll(/--.*$/gm, ''))
    .join('\n');
}

/** Each statement that writes the table, by the function it is in; those of a migration itself are `a migration`. */
function writersIn(sql: string): string[] {
  const statement = new RegExp(
    String.raw`create (?:or replace )?function (?<name>[\w.]+)|^\s*(?<end>\$\$;|end;)|` +
      String.raw`(?:insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?)\s+(?:only\s+)?(?<written>${table})`,
    'gim',
  );
  const writers = new Set<string>();
  let within = 'a migration';
  for (const { groups } of sql.matchAll(statement)) {
    if (groups?.['name'] !== undefined) within = groups['name'].split('.').at(-1) ?? '';
    else if (groups?.['written'] !== undefined) writers.add(within);
    else within = 'a migration';
  }
  return [...writers].toSorted();
}

/** Constraints of the table by which a change of another one writes its rows. */
function constraintsIn(sql: string): string[] {
  const constraint =
    /constraint (?<name>conversations_\w+) foreign key[^;]*?on (?:delete|update) (?:set|cascade)/gis;
  return [...sql.matchAll(constraint)].map(({ groups }) => groups?.['name'] ?? '');
}

/** Whoever creates a conversation has to do with an id that nobody can have read before. */
const creators = new Set(['create_conversation']);

test('every function and every constraint that writes the row is in the list of those that are tried (#13)', async () => {
  const sql = await migrations();
  const found = [...writersIn(sql), ...constraintsIn(sql)].filter((name) => !creators.has(name));
  expect(found.toSorted()).toEqual(Object.keys(conversationWriters).toSorted());
});

test('stores write the table by these functions alone', async () => {
  const sources = await read(
    'packages/stores/src',
    (name) => name.endsWith('.ts') && !/\.test|testing\//.test(name),
  );
  const openers = [...sources].filter(([, text]) => /conversationTable\b|'conversations'\)/.test(text));
  expect(openers.map(([name]) => path.basename(name)).toSorted()).toEqual([
    'conversation-row.ts',
    'supabase-conversation-store.ts',
  ]);
  const store = sources.get('conversation/supabase-conversation-store.ts') ?? '';
  expect(store.match(/\.(?:select|insert|upsert|update|delete)\(/g)).toEqual(['.select(']);
});

test('the search finds what it is for', () => {
  const sql = `
    create or replace function a.one() returns jsonb language sql begin atomic
      update copilot_internal.conversations c set title = 'x';
    end;
    insert into copilot_internal.conversations default values;
    create function a.two() returns void language plpgsql as $$
    begin
      delete from only copilot_internal.conversations;
    end
    $$;
    create function a.three() returns void language sql
    return (select 1 from copilot_internal.conversations);
    update copilot_internal.conversations_archive set x = 1;
    alter table copilot_internal.conversations add constraint conversations_x foreign key (x)
      references b (y) on delete set null;
  `;
  expect(writersIn(sql)).toEqual(['a migration', 'one', 'two']);
  expect(constraintsIn(sql)).toEqual(['conversations_x']);
});
