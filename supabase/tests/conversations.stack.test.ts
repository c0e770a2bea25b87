// The tables of conversations, paths and messages: what they hold, what they refuse, and that conversations are tracked.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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

describe('what they hold', () => {
  test('defaults of a conversation', async () => {
    expect(await rows.conversation()).toMatchObject({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      user_id: null,
      share_audience: 'private',
      tenant_access: 'view',
      authorization_model: 'supabase_rbac',
      authorization_spec: null,
      jurisdictions: [],
      active_path_id: null,
      archived_at: null,
      last_message_at: null,
    });
  });

  test('defaults of a path and of a message', async () => {
    expect(await rows.path()).toMatchObject({ is_primary: false, is_active: true, last_sequence: 0 });
    expect(await rows.message()).toMatchObject({
      message_type: 'standard',
      is_pinned: false,
      pinned_at: null,
      deleted_at: null,
      metadata: null,
    });
  });

  test('every audience, access and model, and a spec of another model', async () => {
    const row = {
      share_audience: 'public',
      tenant_access: 'edit',
      authorization_model: 'openfga',
      authorization_spec: { fallbackShareAudience: 'tenant', store: [1] },
      jurisdictions: ['eu', 'us'],
    };
    expect(await rows.conversation(row)).toMatchObject(row);
  });
});

describe('a conversation refuses (#22)', () => {
  test.each<[string, Row, string]>([
    ['an empty id', { id: '' }, 'id_is_an_id'],
    ['an id of 201 characters', { id: 'x'.repeat(201) }, 'id_is_an_id'],
    ['an empty tenant', { tenant_id: '' }, 'tenant_id_is_an_id'],
    ['the tenant global', { tenant_id: 'global' }, 'tenant_id_is_not_global'],
    ['an empty user', { user_id: '' }, 'user_id_is_an_id'],
    ['an empty persona', { persona_id: '' }, 'persona_id_is_an_id'],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
    ['an unknown audience', { share_audience: 'world' }, 'share_audience_is_known'],
    ['an unknown access', { tenant_access: 'own' }, 'tenant_access_is_known'],
    ['an unknown model', { authorization_model: 'none' }, 'authorization_model_is_known'],
    ['a spec that is no object', { authorization_spec: ['tenant'] }, 'authorization_spec_is_valid'],
    [
      'an unknown fallback',
      { authorization_spec: { fallbackShareAudience: 'world' } },
      'authorization_spec_is_valid',
    ],
    [
      'a fallback that is null',
      { authorization_spec: { fallbackShareAudience: null } },
      'authorization_spec_is_valid',
    ],
    ['a jurisdiction that is null', { jurisdictions: ['eu', null] }, 'jurisdictions_are_names'],
    ['an empty jurisdiction', { jurisdictions: [''] }, 'jurisdictions_are_names'],
    ['jurisdictions in a table', { jurisdictions: [['eu'], ['us']] }, 'jurisdictions_are_names'],
    ['an empty title', { title: '' }, 'title_is_not_empty'],
    ['an active path that is not there', { active_path_id: 'nowhere' }, 'active_path_exists'],
  ])('%s', async (_, columns, constraint) => {
    await expect(rows.conversation(columns)).rejects.toMatchObject({
      constraint: `conversations_${constraint}`,
    });
  });

  test('an active path of another conversation', async () => {
    const { id } = await rows.path();
    await expect(rows.conversation({ active_path_id: id })).rejects.toMatchObject({
      constraint: 'conversations_active_path_exists',
    });
  });

  test.each(['tenant_id', 'share_audience', 'tenant_access', 'authorization_model', 'jurisdictions'])(
    '%s that is null',
    async (column) => {
      await expect(rows.conversation({ [column]: null })).rejects.toMatchObject({ code: '23502', column });
    },
  );
});

describe('a path refuses (#22)', () => {
  test.each<[string, Row, string]>([
    ['an empty id', { id: '' }, 'id_is_an_id'],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
    ['an empty name', { name: '' }, 'name_is_not_empty'],
    ['a conversation that is not there', { conversation_id: 'nowhere' }, 'conversation_exists'],
    ['a conversation of another tenant', { tenant_id: 'umbrella' }, 'conversation_exists'],
    [
      'a branch point without a parent',
      { branch_point_message_id: 'm' },
      'parent_and_branch_point_go_together',
    ],
    ['a parent without a branch point', { parent_path_id: 'p' }, 'parent_and_branch_point_go_together'],
    [
      'itself as a parent',
      { id: 'p', parent_path_id: 'p', branch_point_message_id: 'm' },
      'parent_is_another',
    ],
    ['to be merged into itself', { id: 'p', merged_to_path_id: 'p' }, 'merged_to_is_another'],
    ['to be merged into nothing', { merged_to_path_id: 'nowhere' }, 'merged_to_exists'],
    ['a summary that is not there', { merge_summary_message_id: 'nowhere' }, 'merge_summary_exists'],
    ['an unknown merge mode', { merge_mode: 'squash' }, 'merge_mode_is_known'],
    ['to be primary and archived', { is_primary: true, is_active: false }, 'primary_is_the_open_root'],
    ['to be primary and merged', { is_primary: true, merged_at: '2026-01-01' }, 'primary_is_the_open_root'],
    ['to count backwards', { last_sequence: -1 }, 'last_sequence_is_a_count'],
  ])('%s', async (_, columns, constraint) => {
    await expect(rows.path(columns)).rejects.toMatchObject({
      constraint: `conversation_paths_${constraint}`,
    });
  });

  test('a parent and a branch point of another conversation', async () => {
    const { path_id, id } = await rows.message();
    const branch = { parent_path_id: path_id, branch_point_message_id: id };
    await expect(rows.path(branch)).rejects.toMatchObject({
      constraint: expect.stringMatching(/^conversation_paths_(?:parent|branch_point)_exists$/),
    });
  });

  test('to be the second primary one', async () => {
    const { conversation_id } = await rows.path({ is_primary: true });
    await rows.path({ conversation_id });
    await expect(rows.path({ conversation_id, is_primary: true })).rejects.toMatchObject({
      constraint: 'conversation_paths_one_primary',
    });
  });
});

describe('a message refuses (#22)', () => {
  test.each<[string, Row, string]>([
    ['an empty id', { id: '' }, 'id_is_an_id'],
    ['an empty user', { user_id: '' }, 'user_id_is_an_id'],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
    ['an unknown role', { role: 'tool' }, 'role_is_known'],
    ['metadata that is no object', { metadata: [1] }, 'metadata_is_an_object'],
    ['an unknown type', { message_type: 'note' }, 'type_is_known'],
    ['number 0 of its path', { sequence_in_path: 0 }, 'sequences_are_numbers'],
    ['number 0 of all', { effective_sequence: 0 }, 'sequences_are_numbers'],
    ['a pin without a time', { is_pinned: true }, 'pin_is_whole'],
    ['a time without a pin', { pinned_at: '2026-01-01' }, 'pin_is_whole'],
    ['a name without a pin', { pinned_by: 'ann' }, 'pin_is_whole'],
    [
      'an empty name of who pinned',
      { is_pinned: true, pinned_at: '2026-01-01', pinned_by: '' },
      'pinned_by_is_an_id',
    ],
    ['a conversation that its path is not of', { conversation_id: 'nowhere' }, 'path_exists'],
  ])('%s', async (_, columns, constraint) => {
    await expect(rows.message(columns)).rejects.toMatchObject({
      constraint: `conversation_messages_${constraint}`,
    });
  });

  test('a number that another one of its path has', async () => {
    const { conversation_id, path_id } = await rows.message({ sequence_in_path: 7 });
    await expect(rows.message({ conversation_id, path_id, sequence_in_path: 7 })).rejects.toMatchObject({
      constraint: 'conversation_messages_one_per_sequence',
    });
  });
});

describe('deleting', () => {
  test('a conversation takes its paths and messages along, however they refer to each other', async () => {
    const { id, path_id, conversation_id } = await rows.message();
    const branch = { conversation_id, parent_path_id: path_id, branch_point_message_id: id };
    const child = await rows.path(branch);
    await database.sql(`update ${conversations} set active_path_id = $2 where id = $1`, [
      conversation_id,
      child['id'],
    ]);
    await database.sql(`delete from ${conversations} where id = $1`, [conversation_id]);
    for (const table of [paths, messages]) {
      expect(
        await database.sql(`select from ${table} where conversation_id = $1`, [conversation_id]),
      ).toEqual([]);
    }
  });

  test('the active path leaves the conversation without one, and tells the caches (#13)', async () => {
    const { id, conversation_id } = await rows.path();
    await database.sql(`update ${conversations} set active_path_id = $2 where id = $1`, [
      conversation_id,
      id,
    ]);
    const remove = (): Promise<unknown> => database.sql(`delete from ${paths} where id = $1`, [id]);
    expect(await database.journaled(conversations, remove)).toEqual([[conversation_id]]);
    const [row] = await database.sql(`select active_path_id from ${conversations} where id = $1`, [
      conversation_id,
    ]);
    expect(row).toEqual({ active_path_id: null });
  });
});

describe('the stamp (#22)', () => {
  test.each([
    [conversations, () => rows.conversation()],
    [paths, () => rows.path()],
    [messages, () => rows.message()],
  ] as const)('of %s keeps created_at, moves updated_at, and says who wrote', async (table, insertRow) => {
    const before = await insertRow();
    const [after] = await database.sql(
      `update ${table} set created_at = '2000-01-01', updated_at = '2000-01-01', updated_by = 'ann'
       where id = $1 returning *, updated_at > $2 as has_moved`,
      [before['id'], before['updated_at']],
    );
    expect(after).toMatchObject({ created_at: before['created_at'], has_moved: true, updated_by: 'ann' });
  });
});

test('conversations are tracked by their id, apart from policies, for their entries in L2, and published (#21, #24)', async () => {
  const { watch } = await database.changesSince();
  expect(watch![conversations]).toEqual({
    namespace: 'conversations',
    prefixes: ['copilot:conv:conversation'],
    problem: null,
    key: 'id',
  });
  expect(await database.journaled(conversations, () => rows.conversation({ id: 'a:b' }))).toEqual([
    ['a%3Ab'],
  ]);
  expect(
    await database.journaled(conversations, () =>
      database.sql(`delete from ${conversations} where id = 'a:b'`),
    ),
  ).toEqual([['a%3Ab']]);
  expect(
    await database.sql(
      `select from pg_publication_tables where pubname = 'supabase_realtime' and schemaname || '.' || tablename = $1`,
      [conversations],
    ),
  ).toHaveLength(1);
});

test('the migration can be run again, and leaves what is there (#20)', async () => {
  const { id } = await rows.message();
  const before = await database.changesSince();
  await database.migrate();
  const after = await database.changesSince();
  expect(after.watchHash).toBe(before.watchHash);
  expect(await database.sql(`select content from ${messages} where id = $1`, [id])).toEqual([
    { content: 'hello' },
  ]);
});
