// The functions of paths: who may call them, that each is all or nothing, that writers of one conversation go one after
// the other, and what they leave in the journal. What they answer is the conformance suite of the stores.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ConversationRows, conversations, messages, paths, type Row } from './conversation-rows.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
let rows: ConversationRows;
beforeAll(async () => {
  database = await TestDatabase.start();
  rows = new ConversationRows(database);
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

let conversation: string;
let primary: string;
/** Branches from the one message of the primary path, and holds one itself. */
let branch: string;
let messageId: string;
let branchMessageId: string;

beforeEach(async () => {
  conversation = String((await rows.conversation())['id']);
  primary = String(
    (await rows.path({ conversation_id: conversation, is_primary: true, last_sequence: 1 }))['id'],
  );
  messageId = await say(primary);
  const place = { parent_path_id: primary, branch_point_message_id: messageId };
  branch = String((await rows.path({ conversation_id: conversation, last_sequence: 1, ...place }))['id']);
  branchMessageId = await say(branch);
});

async function say(path: string): Promise<string> {
  const message = {
    conversation_id: conversation,
    path_id: path,
    sequence_in_path: 1,
    effective_sequence: 1,
  };
  const [said] = await database.sql<{ id: string }>(
    `insert into ${messages} (conversation_id, path_id, role, content, sequence_in_path, effective_sequence)
     values ($1, $2, 'user', 'hello', $3, $4) returning id`,
    Object.values(message),
  );
  return said!.id;
}

const ensurePrimary = (): string =>
  `select copilot_internal.ensure_primary_path('acme', '${conversation}') as answer`;
const activate = (): string =>
  `select copilot_internal.activate_conversation_path('acme', '${conversation}', '${branch}') as answer`;
const merge = (mode = 'full', summary = 'null'): string =>
  `select copilot_internal.merge_conversation_path('acme', '${branch}', '${primary}', '${mode}', null, ${summary}, true)
   as answer`;
const remove = (isHard: boolean): string =>
  `select copilot_internal.delete_conversation_path('acme', '${branch}', ${String(isHard)}) as answer`;
const branchOff = (point = messageId): string =>
  `select copilot_internal.create_conversation_path('acme', null, null, '${point}', null, null) as answer`;
const pin = (): string =>
  `select copilot_internal.pin_conversation_message('acme', '${messageId}', true, 'ann') as answer`;

const functions = [
  `read_conversation_path('acme', 'p')`,
  `list_conversation_paths('acme', 'c', true)`,
  `read_active_path('acme', 'c')`,
  `read_primary_path('acme', 'c')`,
  `resolve_path_messages('acme', 'p', false)`,
  `count_pinned_messages('acme', 'p')`,
  `read_path_resolution('acme', 'p')`,
  `list_branch_points('acme', 'p')`,
  `preview_path_merge('acme', 'p', 'q', null)`,
  `create_conversation_path('acme', 'c', null, null, null, null)`,
  `update_conversation_path('acme', 'p', '{}')`,
  `delete_conversation_path('acme', 'p', false)`,
  `activate_conversation_path('acme', 'c', 'p')`,
  `ensure_primary_path('acme', 'c')`,
  `merge_conversation_path('acme', 'p', 'q', 'full', null, null, true)`,
  `pin_conversation_message('acme', 'm', true, 'ann')`,
];

describe('who calls them (#23)', () => {
  test.each(functions)('service_role alone: %s', async (call) => {
    const text = `select copilot_internal.${call} as answer`;
    for (const tenant_id of ['acme', 'umbrella']) {
      await expect(database.as('authenticated', text, { tenant_id, sub: 'ann' })).rejects.toThrow(
        'permission denied for function',
      );
    }
    await expect(database.as('anon', text, { tenant_id: 'acme' })).rejects.toThrow(
      'permission denied for schema',
    );
    await expect(database.as('service_role', text)).resolves.toHaveLength(1);
  });

  test('the list above is all of them', async () => {
    const found = await database.sql<{ proname: string }>(
      `select proname from pg_proc where pronamespace = 'copilot_internal'::regnamespace
         and proname ~ 'path|branch|pin' and proname !~ 'execution'`,
    );
    const named = functions.map((call) => call.slice(0, call.indexOf('(')));
    expect(found.map(({ proname }) => proname).toSorted()).toEqual(named.toSorted());
  });

  test('and their helpers by nobody', async () => {
    const call = `select copilot_private.merge_refusal('acme', 'p', 'q', null)`;
    await expect(database.as('service_role', call)).rejects.toThrow('permission denied for schema');
  });
});

test('the migrations can be applied again over what is there (#20)', async () => {
  await database.migrate();
  expect(await database.sql(`select from ${paths} where id = '${branch}'`)).toHaveLength(1);
});

describe('a write that fails in its last part leaves nothing of the others (#15)', () => {
  const state = (): Promise<Row[]> =>
    database.sql(
      `select to_jsonb(c) as conversation,
         (select jsonb_agg(p order by p.id) from ${paths} p where p.conversation_id = c.id) as paths,
         (select jsonb_agg(m order by m.id) from ${messages} m where m.conversation_id = c.id) as messages
       from ${conversations} c where c.id = $1`,
      [conversation],
    );

  test.each([
    ['mergePath', () => merge('full', `'in short'`)],
    ['deletePath', () => remove(false)],
    ['deletePath for good', () => remove(true)],
  ])('%s', async (_, text) => {
    await database.sql(activate());
    const before = await state();
    // The row of the conversation is what each of them writes besides paths and messages.
    await database.sql(
      `alter table ${conversations} add constraint stays_active check (active_path_id is not distinct from '${branch}') not valid`,
    );
    try {
      await expect(database.sql(text())).rejects.toMatchObject({ code: '23514' });
    } finally {
      await database.sql(`alter table ${conversations} drop constraint stays_active`);
    }
    expect(await state()).toEqual(before);
    await database.sql(text());
    expect(await state()).not.toEqual(before);
  });
});

describe('writers of one conversation (#15)', () => {
  test.each([
    ['ensurePrimaryPath', ensurePrimary],
    ['setActivePath', activate],
    ['mergePath', merge],
    ['deletePath', () => remove(false)],
    ['branchFromMessage', () => branchOff()],
  ])('go one after the other: %s waits', async (_, text) => {
    const holder = await database.session();
    await holder.query('begin');
    await holder.query(`select from ${conversations} where id = '${conversation}' for update`);
    const waiting = database.sql(text());
    await database.someoneWaits();
    await holder.query('commit');
    await expect(waiting).resolves.toHaveLength(1);
  });

  test('decide on what the one before has left: a path is merged once', async () => {
    const first = await database.session();
    await first.query('begin');
    await first.query(merge());
    const second = database.sql(merge());
    await database.someoneWaits();
    await first.query('commit');
    expect(await second).toEqual([{ answer: { refused: 'PATH_IS_MERGED', subject: branch } }]);
  });

  test.each([
    ['setActivePath', activate],
    ['branchFromMessage', () => branchOff(branchMessageId)],
    ['mergePath', merge],
  ])('and %s does nothing with a path that is being archived', async (_, text) => {
    const first = await database.session();
    await first.query('begin');
    await first.query(remove(false));
    const second = database.sql(text());
    await database.someoneWaits();
    await first.query('commit');
    expect(await second).toEqual([{ answer: { refused: 'PATH_IS_ARCHIVED', subject: branch } }]);
  });

  test('and begin anew where the one before was rolled back', async () => {
    const first = await database.session();
    await first.query('begin');
    await first.query(merge());
    const second = database.sql<{ answer: { messageIds: string[] } }>(merge());
    await database.someoneWaits();
    await first.query('rollback');
    expect((await second)[0]!.answer.messageIds).toHaveLength(1);
  });

  test('make one primary path where there was none, however many they are', async () => {
    conversation = String((await rows.conversation())['id']);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => database.sql<{ answer: { id: string } }>(ensurePrimary())),
    );
    expect(new Set(answers.map(([row]) => row!.answer.id)).size).toBe(1);
    const made = await database.sql(
      `select is_primary from ${paths} where conversation_id = '${conversation}'`,
    );
    expect(made).toEqual([{ is_primary: true }]);
  });
});

describe('the journal (#13)', () => {
  test.each([
    ['setActivePath', activate],
    ['ensurePrimaryPath', ensurePrimary],
    ['mergePath', merge],
  ])('names the conversation after %s', async (_, text) => {
    expect(await database.journaled(conversations, () => database.sql(text()))).toEqual([[conversation]]);
  });

  test.each([true, false])('names it after the active path was deleted (for good: %s)', async (isHard) => {
    await database.sql(activate());
    const act = (): Promise<unknown> => database.sql(remove(isHard));
    expect(await database.journaled(conversations, act)).toContainEqual([conversation]);
  });

  test.each([
    ['branchFromMessage', () => branchOff()],
    ['pinMessage', pin],
  ])('has nothing to say after %s, which does not change its row', async (_, text) => {
    const changed = await database.journaled(conversations, () => database.sql(text()));
    expect(changed.flat()).toEqual([]);
  });
});
