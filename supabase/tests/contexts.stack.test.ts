// The tables of conversation contexts and execution contexts: what they hold, what they refuse, who may touch them, and
// that every step of an execution context's life is one step, whoever takes another at the same time.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../packages/devstack/src/processes/until.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const contexts = 'copilot_internal.conversation_contexts';
const executions = 'copilot_internal.execution_contexts';

type Row = Record<string, unknown>;

let names = 0;

function newName(kind: string): string {
  names += 1;
  return `${kind}-${names}`;
}

/** Inserts a row with the given columns, the rest as small as it may be. */
async function insert(table: string, row: Row): Promise<Row> {
  const columns = Object.keys(row).join(', ');
  const [inserted] = await database.sql(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1) returning *`,
    [JSON.stringify(row)],
  );
  return inserted!;
}

async function newConversation(tenantId = 'acme'): Promise<string> {
  const { id } = await insert('copilot_internal.conversations', {
    id: newName('conversation'),
    tenant_id: tenantId,
  });
  return String(id);
}

async function insertContext(columns: Row = {}): Promise<Row> {
  const row = { tenant_id: 'acme', conversation_id: await newConversation(), ...columns };
  return insert(contexts, row);
}

async function insertExecution(columns: Row = {}): Promise<Row> {
  const row = {
    tenant_id: 'acme',
    conversation_id: 'c',
    path_id: newName('path'),
    last_used_at: '2026-01-01',
    expires_at: '2100-01-01',
    ...columns,
  };
  return insert(executions, row);
}

async function create(pathId: string): Promise<Row> {
  const [row] = await database.sql(
    `select * from copilot_internal.create_execution_context('acme', 'c', $1, null, 60000)`,
    [pathId],
  );
  return row!;
}

async function isOver(moment: Date): Promise<boolean> {
  // A Date has cut off what is finer than a millisecond.
  const rows = await database.sql(
    `select where clock_timestamp() > $1::timestamptz + interval '1 millisecond'`,
    [moment],
  );
  return rows.length === 1;
}

describe('a conversation context (#20)', () => {
  test('begins without nodes', async () => {
    expect(await insertContext()).toMatchObject({
      active_node_ids: [],
      trace_id: null,
      root_span_name: null,
      root_span_id: null,
      updated_by: null,
    });
  });

  test.each<[string, Row, string]>([
    ['an empty node id', { active_node_ids: ['a', ''] }, 'active_node_ids_are_ids'],
    ['a node id of 201 characters', { active_node_ids: ['x'.repeat(201)] }, 'active_node_ids_are_ids'],
    ['a node id that is null', { active_node_ids: [null] }, 'active_node_ids_are_ids'],
    ['a node id twice', { active_node_ids: ['a', 'b', 'a'] }, 'active_node_ids_are_ids'],
    ['node ids in two dimensions', { active_node_ids: [['a'], ['b']] }, 'active_node_ids_are_ids'],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
    ['a conversation nobody knows', { conversation_id: 'nope' }, 'conversation_exists'],
    ['the conversation of another tenant', { tenant_id: 'umbrella' }, 'conversation_exists'],
  ])('refuses %s (#22)', async (_, columns, constraint) => {
    await expect(insertContext(columns)).rejects.toMatchObject({
      constraint: `conversation_contexts_${constraint}`,
    });
  });

  test('is one per conversation (#22)', async () => {
    const { conversation_id } = await insertContext();
    await expect(insertContext({ conversation_id })).rejects.toMatchObject({
      constraint: 'conversation_contexts_pkey',
    });
  });

  test.each(['tenant_id', 'conversation_id', 'active_node_ids'])(
    'refuses a %s of null (#22)',
    async (column) => {
      await expect(insertContext({ [column]: null })).rejects.toMatchObject({ code: '23502', column });
    },
  );

  test('goes with its conversation', async () => {
    const { conversation_id } = await insertContext();
    await database.sql('delete from copilot_internal.conversations where id = $1', [conversation_id]);
    expect(
      await database.sql(`select from ${contexts} where conversation_id = $1`, [conversation_id]),
    ).toEqual([]);
  });

  test('keeps created_at, moves updated_at, and names the user of the token (#22)', async () => {
    const before = await insertContext({ updated_by: 'job' });
    const [after] = await database.as(
      'service_role',
      `update ${contexts} set created_at = '2000-01-01', updated_at = '2000-01-01', updated_by = 'x'
       where conversation_id = '${String(before['conversation_id'])}' returning *`,
      { sub: 'user-1' },
    );
    expect(after).toMatchObject({ created_at: before['created_at'], updated_by: 'user-1' });
    expect(Number(after!['updated_at'])).toBeGreaterThanOrEqual(Number(before['updated_at']));
  });

  test('takes the nodes of a merge that waited for another one, and loses none (#14)', async () => {
    const conversationId = await newConversation();
    const merge = `select copilot_internal.merge_active_node_ids('acme', $1, $2) as ids`;
    const first = await database.session();
    await first.query('begin');
    await first.query(merge, [conversationId, ['b', 'a']]);
    const second = database.sql(merge, [conversationId, ['c', 'a', 'd', 'c']]);
    await database.someoneWaits();
    await first.query('commit');
    expect(await second).toEqual([{ ids: ['b', 'a', 'c', 'd'] }]);
  });

  test('a merge leaves what else the context holds', async () => {
    const { conversation_id } = await insertContext({ trace_id: 'trace', active_node_ids: ['a'] });
    await database.sql(`select copilot_internal.merge_active_node_ids('acme', $1, '{b}', 'user-2')`, [
      conversation_id,
    ]);
    expect(
      await database.sql(`select * from ${contexts} where conversation_id = $1`, [conversation_id]),
    ).toEqual([
      expect.objectContaining({ trace_id: 'trace', active_node_ids: ['a', 'b'], updated_by: 'user-2' }),
    ]);
  });
});

describe('an execution context (#20)', () => {
  test.each<[string, Row, string]>([
    ['an empty id', { id: '' }, 'id_is_an_id'],
    ['an empty tenant', { tenant_id: '' }, 'tenant_id_is_an_id'],
    ['the tenant global', { tenant_id: 'global' }, 'tenant_id_is_not_global'],
    ['an empty conversation', { conversation_id: '' }, 'conversation_id_is_an_id'],
    ['an empty path', { path_id: '' }, 'path_id_is_an_id'],
    ['an empty sandbox', { sandbox_id: '' }, 'sandbox_id_is_an_id'],
    ['an unknown status', { status: 'dead' }, 'status_is_known'],
    ['an empty error', { status: 'error', error: '' }, 'error_belongs_to_its_status'],
    ['an error of one that is ready', { status: 'ready', error: 'e' }, 'error_belongs_to_its_status'],
    [
      'terminated without a time',
      { status: 'terminated', is_current: false },
      'terminated_at_is_set_with_the_status',
    ],
    ['a time of its end before it', { terminated_at: '2026-01-01' }, 'terminated_at_is_set_with_the_status'],
    [
      'terminated and still current',
      { status: 'terminated', terminated_at: '2026-01-01' },
      'terminated_is_not_current',
    ],
    ['one that expires at its last use', { expires_at: '2026-01-01' }, 'expires_after_its_use'],
  ])('refuses %s (#22)', async (_, columns, constraint) => {
    await expect(insertExecution(columns)).rejects.toMatchObject({
      constraint: `execution_contexts_${constraint}`,
    });
  });

  test.each([
    'id',
    'tenant_id',
    'conversation_id',
    'path_id',
    'status',
    'is_current',
    'created_at',
    'last_used_at',
    'expires_at',
  ])('refuses a %s of null (#22)', async (column) => {
    await expect(insertExecution({ [column]: null })).rejects.toMatchObject({ code: '23502', column });
  });

  test('is current once per path (#22)', async () => {
    const { path_id } = await insertExecution();
    await expect(insertExecution({ path_id })).rejects.toMatchObject({
      constraint: 'execution_contexts_one_current_per_path',
    });
    await insertExecution({ path_id, is_current: false });
  });

  test('outlives its conversation: its sandbox has still to be ended', async () => {
    const conversationId = await newConversation();
    const { id } = await insertExecution({ conversation_id: conversationId });
    await database.sql('delete from copilot_internal.conversations where id = $1', [conversationId]);
    expect(await database.sql(`select from ${executions} where id = $1`, [id])).toHaveLength(1);
  });

  test('a create that waited for another one returns the row of the other (#16)', async () => {
    const path = newName('path');
    const first = await database.session();
    await first.query('begin');
    const { rows } = await first.query<Row>(
      `select * from copilot_internal.create_execution_context('acme', 'c', $1, 'mine', 60000)`,
      [path],
    );
    const second = create(path);
    await database.someoneWaits();
    await first.query('commit');
    expect(await second).toEqual(rows[0]);
  });

  test('a create that waited for one that was given up makes its own (#16)', async () => {
    const path = newName('path');
    const first = await database.session();
    await first.query('begin');
    const { rows } = await first.query<Row>(
      `select * from copilot_internal.create_execution_context('acme', 'c', $1, null, 60000)`,
      [path],
    );
    const second = create(path);
    await database.someoneWaits();
    await first.query('rollback');
    expect((await second)['id']).not.toBe(rows[0]!['id']);
  });

  test('a create that waited for its termination makes a new one (#16)', async () => {
    const path = newName('path');
    const before = await create(path);
    const ending = await database.session();
    await ending.query('begin');
    await ending.query(`select copilot_internal.set_execution_context_status($1, 'terminated')`, [
      before['id'],
    ]);
    const second = create(path);
    await database.someoneWaits();
    await ending.query('commit');
    expect(await second).toMatchObject({ status: 'creating', is_current: true });
    expect((await second)['id']).not.toBe(before['id']);
  });

  test('a touch that waited past its expiry does not call it back', async () => {
    const row = await create(newName('path'));
    const busy = await database.session();
    await busy.query('begin');
    await busy.query(`update ${executions} set status = 'ready' where id = $1`, [row['id']]);
    const touch = database.sql('select * from copilot_internal.touch_execution_context($1, 60000)', [
      row['id'],
    ]);
    await database.someoneWaits();
    // After the begin of the touch, and before the touch gets the row.
    const { rows } = await busy.query<{ expires_at: Date }>(
      `update ${executions} set expires_at = clock_timestamp() + interval '1 millisecond' where id = $1
       returning expires_at`,
      [row['id']],
    );
    await until(() => isOver(rows[0]!.expires_at), { what: 'the context to expire' });
    await busy.query('commit');
    expect(await touch).toEqual([]);
  });

  test('is not among the expired ones while something is being written to it', async () => {
    const { id } = await insertExecution({ expires_at: '2026-01-02' });
    const expired = (): Promise<Row[]> =>
      database.sql('select id from copilot_internal.expired_execution_contexts(1000)');
    const touching = await database.session();
    await touching.query('begin');
    await touching.query(`update ${executions} set expires_at = '2100-01-01' where id = $1`, [id]);
    expect(await expired()).not.toContainEqual({ id });
    await touching.query('rollback');
    expect(await expired()).toContainEqual({ id });
  });
});

describe.each([
  { table: contexts, change: 'set trace_id = null', add: insertContext },
  { table: executions, change: 'set sandbox_id = null', add: insertExecution },
])('who gets at $table (#23)', ({ table, change, add }) => {
  beforeAll(async () => {
    await add();
  });

  test.each([
    `select from ${table}`,
    `insert into ${table} default values`,
    `update ${table} ${change}`,
    `delete from ${table}`,
    `truncate ${table}`,
  ])('neither authenticated, of the same tenant or another, nor anon may %s', async (text) => {
    for (const tenant_id of ['acme', 'umbrella']) {
      const claims = { tenant_id, sub: 'user-1' };
      await expect(database.as('authenticated', text, claims)).rejects.toThrow('permission denied for table');
      await expect(database.as('anon', text, claims)).rejects.toThrow('permission denied for schema');
    }
  });

  test('service_role does everything, also where it does not bypass row level security', async () => {
    const admin = await database.session('supabase_admin');
    await admin.query('alter role service_role nobypassrls');
    try {
      expect((await database.as('service_role', `select from ${table}`)).length).toBeGreaterThan(0);
      expect(
        (await database.as('service_role', `update ${table} ${change} returning 1`)).length,
      ).toBeGreaterThan(0);
      expect((await database.as('service_role', `delete from ${table} returning 1`)).length).toBeGreaterThan(
        0,
      );
      if (table === executions) {
        await database.as(
          'service_role',
          `select copilot_internal.create_execution_context('acme', 'c', 'rls', null, 1000)`,
        );
      }
    } finally {
      await admin.query('alter role service_role bypassrls');
    }
  });

  test('is not followed: nothing of it is cached (#16)', async () => {
    const { watch } = await database.changesSince();
    expect(watch).not.toHaveProperty([table]);
  });
});

test('nobody but service_role calls a function of theirs (#23)', async () => {
  const granted = await database.sql<{ name: string; roles: string[] }>(`
    select routine_name as name, array_agg(grantee::text order by grantee::text) as roles
    from information_schema.routine_privileges
    where routine_schema = 'copilot_internal'
      and (routine_name like '%execution_context%' or routine_name = 'merge_active_node_ids')
    group by routine_name order by routine_name
  `);
  expect(granted.map(({ name }) => name)).toEqual([
    'create_execution_context',
    'execution_context_by_path',
    'expired_execution_contexts',
    'is_execution_context_ready',
    'merge_active_node_ids',
    'set_execution_context_status',
    'touch_execution_context',
  ]);
  for (const { roles } of granted) expect(roles).toEqual(['postgres', 'service_role']);
});

test('the migrations may be applied again, and change nothing (#20)', async () => {
  const { id } = await insertExecution();
  await database.migrate();
  expect(await database.sql(`select from ${executions} where id = $1`, [id])).toHaveLength(1);
});
