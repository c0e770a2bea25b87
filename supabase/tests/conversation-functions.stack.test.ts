// The functions of conversations and who may call them: all or nothing, and only on the facts that a write was decided on.
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

describe('who sees them (#23)', () => {
  const claims = { tenant_id: 'acme', sub: 'ann' };
  const functions = [
    `create_conversation('{}')`,
    `append_message('c', '{}', '{}')`,
    `soft_delete_message('c', '{}', 'm', 'u')`,
    `update_conversation_sharing('c', '{}', '{}', 'u')`,
    `set_conversation_archived('c', '{}', true, 'u')`,
    `read_conversation_messages('c', 1)`,
    `list_conversations('acme', 'ann', 'all', 1, null)`,
    `list_moved_conversations('acme', 'ann', 'all', 1, '{}')`,
  ];

  describe.each([conversations, paths, messages])('%s', (table) => {
    test.each([
      `select from ${table}`,
      `insert into ${table} (id) values ('mine')`,
      `update ${table} set updated_by = 'x'`,
      `delete from ${table}`,
      `truncate ${table} cascade`,
    ])('authenticated, of this tenant or another, and anon may not %s', async (text) => {
      await expect(database.as('authenticated', text, claims)).rejects.toThrow('permission denied for table');
      await expect(database.as('authenticated', text, { tenant_id: 'umbrella' })).rejects.toThrow(
        'permission denied for table',
      );
      await expect(database.as('anon', text, claims)).rejects.toThrow(
        'permission denied for schema copilot_internal',
      );
    });

    test('is closed by row level security too, should somebody grant it', async () => {
      await rows.message();
      await database.sql(`grant select on ${table} to authenticated`);
      try {
        expect(await database.as('authenticated', `select from ${table}`, claims)).toEqual([]);
      } finally {
        await database.sql(`revoke select on ${table} from authenticated`);
      }
    });

    test('service_role sees and writes it, also where it does not bypass row level security', async () => {
      await rows.message();
      const admin = await database.session('supabase_admin');
      await admin.query('alter role service_role nobypassrls');
      const seen = await database.as('service_role', `select from ${table}`);
      const written = await database.as(
        'service_role',
        `update ${table} set updated_by = 'job' returning id`,
      );
      await admin.query('alter role service_role bypassrls');
      expect(seen.length).toBeGreaterThan(0);
      expect(written).toHaveLength(seen.length);
    });
  });

  test.each(functions)('nobody but service_role calls %s', async (call) => {
    const text = `select copilot_internal.${call}`;
    await expect(database.as('authenticated', text, claims)).rejects.toThrow(
      'permission denied for function',
    );
    await expect(database.as('anon', text, claims)).rejects.toThrow('permission denied for schema');
  });

  test('service_role does, without a right to the private schema', async () => {
    const created = `{"tenant_id": "acme", "share_audience": "private", "tenant_access": "view", "jurisdictions": []}`;
    const [row] = await database.as(
      'service_role',
      `select copilot_internal.create_conversation('${created}') ->> 'conversationId' as id`,
    );
    const facts = `(select copilot_private.access_facts(c) from ${conversations} c where id = '${String(row!['id'])}')`;
    const [{ known }] = (await database.sql(`select ${facts} as known`)) as [{ known: unknown }];
    const [appended] = await database.as(
      'service_role',
      `select copilot_internal.append_message('${String(row!['id'])}', '${JSON.stringify(known)}',
        '{"role": "user", "content": "hello"}') as answer`,
    );
    expect(appended).toEqual({ answer: { messageId: expect.any(String) } });
  });
});

const facts = {
  tenantId: 'acme',
  userId: null,
  shareAudience: 'private',
  tenantAccess: 'view',
  authorizationModel: 'supabase_rbac',
  fallbackShareAudience: null,
};

describe('a write (#13)', () => {
  async function append(id: unknown, message: Row = {}, known: Row = facts): Promise<unknown> {
    const [row] = await database.sql<{ answer: unknown }>(
      'select copilot_internal.append_message($1, $2, $3) as answer',
      [id, known, { role: 'user', content: 'hello', ...message }],
    );
    return row!.answer;
  }

  const stateOf = async (id: unknown): Promise<Row[]> =>
    database.sql(
      `select c.last_message_at, p.last_sequence, count(m) as messages
       from ${conversations} c join ${paths} p on p.conversation_id = c.id
       left join ${messages} m on m.path_id = p.id where c.id = $1 group by 1, 2`,
      [id],
    );

  test('of a conversation that SQL made gives it a primary path', async () => {
    const { id } = await rows.conversation();
    await append(id);
    const made = await database.sql(`select is_primary, tenant_id from ${paths} where conversation_id = $1`, [
      id,
    ]);
    expect(made).toEqual([{ is_primary: true, tenant_id: 'acme' }]);
  });

  test('that fails half way leaves nothing', async () => {
    const { id } = await rows.conversation();
    await append(id);
    const before = await stateOf(id);
    // The path has its next number by then, and the message is what fails.
    await expect(append(id, { role: 'tool' })).rejects.toMatchObject({ code: '23514' });
    expect(await stateOf(id)).toEqual(before);
  });

  test.each<[string, Row]>([
    ['tenant', { tenantId: 'umbrella' }],
    ['owner', { userId: 'ann' }],
    ['audience', { shareAudience: 'tenant' }],
    ['access', { tenantAccess: 'edit' }],
    ['model', { authorizationModel: 'openfga' }],
    ['fallback', { fallbackShareAudience: 'tenant' }],
  ])('that was decided on another %s does nothing', async (_, changes) => {
    const { id } = await rows.conversation({ authorization_spec: {} });
    const [message] = await database.sql<{ answer: { messageId: string } }>(
      'select copilot_internal.append_message($1, $2, $3) as answer',
      [id, facts, { role: 'user', content: 'hello' }],
    );
    const before = await database.sql(`select * from ${conversations} where id = $1`, [id]);
    const known = { ...facts, ...changes };
    const calls: [string, unknown[]][] = [
      ['append_message($1, $2, $3)', [id, known, { role: 'user', content: 'x' }]],
      ['soft_delete_message($1, $2, $3, null)', [id, known, message!.answer.messageId]],
      [`update_conversation_sharing($1, $2, '{"title": "x"}', null)`, [id, known]],
      ['set_conversation_archived($1, $2, true, null)', [id, known]],
    ];
    for (const [call, values] of calls) {
      expect(await database.sql(`select copilot_internal.${call} as answer`, values)).toEqual([
        { answer: null },
      ]);
    }
    expect(await database.sql(`select * from ${conversations} where id = $1`, [id])).toEqual(before);
    const kept = await database.sql(`select deleted_at from ${messages} where conversation_id = $1`, [id]);
    expect(kept).toEqual([{ deleted_at: null }]);
  });

  test('that waited for a sharing to be withdrawn does nothing', async () => {
    const { id } = await rows.conversation({ share_audience: 'tenant', tenant_access: 'edit' });
    const owner = await database.session();
    await owner.query('begin');
    await owner.query(`update ${conversations} set share_audience = 'private' where id = $1`, [id]);
    const waiting = append(id, {}, { ...facts, shareAudience: 'tenant', tenantAccess: 'edit' });
    await database.someoneWaits();
    await owner.query('commit');
    expect(await waiting).toBeNull();
    expect(await stateOf(id)).toEqual([]);
  });

  test('that waited for another path to become the active one goes there', async () => {
    const { id } = await rows.conversation();
    await append(id);
    const writer = await database.session();
    await writer.query('begin');
    await writer.query(
      `with made as (insert into ${paths} (tenant_id, conversation_id) values ('acme', $1) returning id)
       select id from made`,
      [id],
    );
    await writer.query(
      `update ${conversations} set active_path_id = (
         select id from ${paths} where conversation_id = $1 and not is_primary
       ) where id = $1`,
      [id],
    );
    const waiting = append(id);
    await database.someoneWaits();
    await writer.query('commit');
    await waiting;
    const [row] = await database.sql(
      `select p.is_primary, m.sequence_in_path from ${messages} m join ${paths} p on p.id = m.path_id
       where m.conversation_id = $1 order by m.number desc limit 1`,
      [id],
    );
    expect(row).toEqual({ is_primary: false, sequence_in_path: 1 });
  });

  test('to a path that branched is numbered after what the path inherits', async () => {
    const { id } = await rows.conversation();
    for (const content of ['one', 'two', 'three']) await append(id, { content });
    const [point] = await database.sql(
      `select id, path_id from ${messages} where conversation_id = $1 and content = 'two'`,
      [id],
    );
    const branch = await rows.path({
      conversation_id: id,
      parent_path_id: point!['path_id'],
      branch_point_message_id: point!['id'],
    });
    await database.sql(`update ${conversations} set active_path_id = $2 where id = $1`, [id, branch['id']]);
    await append(id, { content: 'instead of three' });
    const [last] = await database.sql(
      `select path_id, sequence_in_path, effective_sequence from ${messages}
       where conversation_id = $1 order by number desc limit 1`,
      [id],
    );
    expect(last).toEqual({ path_id: branch['id'], sequence_in_path: 1, effective_sequence: 3 });
    // An archived path is not appended to, even if it is still named as the active one.
    await database.sql(`update ${paths} set is_active = false where id = $1`, [branch['id']]);
    await append(id, { content: 'four' });
    const [next] = await database.sql(
      `select path_id, sequence_in_path from ${messages} where conversation_id = $1 order by number desc limit 1`,
      [id],
    );
    expect(next).toEqual({ path_id: point!['path_id'], sequence_in_path: 4 });
  });
});

test('a page of a list costs the rows of the page, not those of the tenant', async () => {
  await database.sql(
    `insert into ${conversations} (tenant_id, last_message_at)
     select 'busy', '2026-01-01'::timestamptz + n * interval '1 second' from generate_series(1, 3000) n`,
  );
  await database.sql(`analyze ${conversations}`);
  const session = await database.session();
  const readRows = async (): Promise<number> => {
    await session.query('select pg_stat_force_next_flush()');
    const { rows } = await session.query<{ read: string }>(
      `select seq_tup_read + idx_tup_fetch as read from pg_stat_user_tables
       where schemaname || '.' || relname = $1`,
      [conversations],
    );
    return Number(rows[0]!.read);
  };
  const before = await readRows();
  const after = {
    lastMessageAt: '2026-01-01T00:20:00Z',
    createdAt: 'infinity',
    id: '',
    newest: '2026-01-01T00:50:00Z',
  };
  const { rows: pages } = await session.query<{ answer: { conversations: Row[] } }>(
    `select copilot_internal.list_conversations('busy', 'ann', 'active', 20, $1) as answer`,
    [after],
  );
  expect(pages[0]!.answer.conversations).toHaveLength(20);
  expect((await readRows()) - before).toBeLessThan(100);
});
