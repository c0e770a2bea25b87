// The table of conversation configs: what it holds, what it refuses, who sees and who writes it, what applies in the
// end, and that it is tracked.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeKey } from '../../packages/protocol/src/wire/key.ts';
import { type ApiRole, TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
beforeEach(() => database.sql(`delete from ${table}`));
afterEach(() => database.endSessions());
afterAll(() => database.close());

const table = 'copilot_internal.conversation_configs';

type Config = Record<string, unknown>;

async function insert(columns: Config): Promise<Config> {
  const names = Object.keys(columns).join(', ');
  const [inserted] = await database.sql(
    `insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, $1) returning *`,
    [JSON.stringify(columns)],
  );
  return inserted!;
}

const acme = { tenant_id: 'acme' };
const ann = { tenant_id: 'acme', user_id: 'ann' };

const awkwardIds = ['a:b', 'a%3Ab', '100%', 'null', 'ü', '🙂', "o'b", '{t}', ' ', '"q"'];

describe('what it holds (#20)', () => {
  test('nothing but what was set', async () => {
    expect(await insert({ ...ann, path_compression_threshold: 0.1 })).toMatchObject({
      merge_compression_strategy: null,
      merge_max_messages: null,
      merge_preserve_pinned: null,
      path_compression_strategy: null,
      path_max_messages: null,
      path_sliding_window_size: null,
      path_compression_threshold: 0.1,
      auto_compact_enabled: null,
      compaction_interval_minutes: null,
      updated_by: null,
    });
  });

  test('a key that follows from the level, whatever the statement says (#21)', async () => {
    expect(await insert({ merge_max_messages: 1, scope_key: 'acme' })).toMatchObject({ scope_key: 'global' });
    expect(await insert(acme)).toMatchObject({ scope_key: 'acme' });
    await database.sql(`update ${table} set user_id = 'ann', scope_key = 'x' where tenant_id = 'acme'`);
    expect(await database.sql(`select scope_key from ${table} where tenant_id = 'acme'`)).toEqual([
      { scope_key: 'acme:ann' },
    ]);
  });

  test.each(awkwardIds)('the key that TypeScript makes of %j (#21)', async (id) => {
    const other = `${id}:`;
    expect(await insert({ tenant_id: id })).toMatchObject({ scope_key: encodeKey(id) });
    expect(await insert({ tenant_id: id, user_id: other })).toMatchObject({
      scope_key: encodeKey([id, other]),
    });
  });

  test.each(['none', 'minimal', 'moderate', 'aggressive'])('the merge strategy %s', async (strategy) => {
    expect(await insert({ merge_compression_strategy: strategy })).toMatchObject({
      merge_compression_strategy: strategy,
    });
  });

  test.each(['none', 'sliding_window', 'semantic', 'hybrid'])('the path strategy %s', async (strategy) => {
    expect(await insert({ path_compression_strategy: strategy })).toMatchObject({
      path_compression_strategy: strategy,
    });
  });

  test('ids of 200 characters, of which every one is encoded', async () => {
    const id = '%'.repeat(200);
    expect(await insert({ tenant_id: id, user_id: id })).toMatchObject({ scope_key: encodeKey([id, id]) });
  });
});

describe('what it refuses (#22)', () => {
  test.each<[string, Config, string]>([
    ['an empty tenant', { tenant_id: '' }, 'tenant_id_is_an_id'],
    ['a tenant of 201 characters', { tenant_id: 'x'.repeat(201) }, 'tenant_id_is_an_id'],
    ['the tenant global', { tenant_id: 'global', user_id: 'u' }, 'tenant_id_is_not_global'],
    ['an empty user', { tenant_id: 't', user_id: '' }, 'user_id_is_an_id'],
    ['a user of 201 characters', { tenant_id: 't', user_id: 'x'.repeat(201) }, 'user_id_is_an_id'],
    ['a user without a tenant', { user_id: 'u' }, 'user_has_a_tenant'],
    [
      'an unknown merge strategy',
      { merge_compression_strategy: 'Moderate' },
      'merge_compression_strategy_is_known',
    ],
    ['no messages to merge', { merge_max_messages: 0 }, 'merge_max_messages_is_positive'],
    [
      'a path strategy of merging',
      { path_compression_strategy: 'moderate' },
      'path_compression_strategy_is_known',
    ],
    ['no messages of a path', { path_max_messages: 0 }, 'path_max_messages_is_positive'],
    ['an empty window', { path_sliding_window_size: 0 }, 'path_sliding_window_size_is_positive'],
    ['a threshold below 0', { path_compression_threshold: -0.01 }, 'path_compression_threshold_is_a_share'],
    ['a threshold above 1', { path_compression_threshold: 1.01 }, 'path_compression_threshold_is_a_share'],
    [
      'a threshold that is no number',
      { path_compression_threshold: 'NaN' },
      'path_compression_threshold_is_a_share',
    ],
    ['an interval of nothing', { compaction_interval_minutes: 0 }, 'compaction_interval_minutes_is_positive'],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
  ])('%s', async (_, columns, constraint) => {
    await expect(insert(columns)).rejects.toMatchObject({ constraint: `conversation_configs_${constraint}` });
  });

  test.each([{}, acme, ann])('a second row of the level %j', async (level) => {
    await insert({ merge_max_messages: 1, ...level });
    await expect(insert({ merge_max_messages: 1, ...level })).rejects.toMatchObject({
      constraint: 'conversation_configs_pkey',
    });
  });

  test('a key of another level, also from those whose statements fire no trigger', async () => {
    const admin = await database.session('supabase_admin');
    await admin.query('set session_replication_role = replica');
    await expect(
      admin.query(`insert into ${table} (scope_key, tenant_id) values ('global', 'acme')`),
    ).rejects.toMatchObject({ constraint: 'conversation_configs_scope_key_is_of_its_level' });
  });
});

describe('the stamp (#22)', () => {
  test('a patch keeps created_at, moves updated_at and says who wrote', async () => {
    const before = await insert({ ...acme, updated_by: 'job' });
    const [after] = await database.sql(
      `insert into ${table} (tenant_id, path_max_messages, updated_by) values ('acme', 7, 'script')
       on conflict (scope_key) do update set path_max_messages = 7, updated_by = excluded.updated_by
       returning *, updated_at > $1 as has_moved`,
      [before['updated_at']],
    );
    expect(after).toMatchObject({ created_at: before['created_at'], has_moved: true, updated_by: 'script' });
  });
});

describe('who sees it (#23)', () => {
  beforeEach(async () => {
    await insert({ merge_max_messages: 1 });
    for (const tenant_id of ['acme', 'umbrella']) {
      await insert({ tenant_id });
      await insert({ tenant_id, user_id: 'ann' });
      await insert({ tenant_id, user_id: 'bob' });
    }
  });

  test.each<[string, Config, string[]]>([
    ['a user', { tenant_id: 'acme', sub: 'ann' }, ['acme', 'acme:ann', 'global']],
    [
      'a user of the tenant in app_metadata',
      { app_metadata: { tenant_id: 'umbrella' }, sub: 'bob' },
      ['global', 'umbrella', 'umbrella:bob'],
    ],
    ['a user without a row', { tenant_id: 'acme', sub: 'eve' }, ['acme', 'global']],
    ['a token without a user', { tenant_id: 'acme' }, ['acme', 'global']],
    ['a token with an empty user', { tenant_id: 'acme', sub: '' }, ['acme', 'global']],
    ['a user without a tenant', { sub: 'ann' }, []],
    ['a user with an empty tenant', { tenant_id: '', sub: 'ann' }, []],
    ['a user whose tenant is in user_metadata', { user_metadata: { tenant_id: 'acme' }, sub: 'ann' }, []],
  ])('%s: the levels that apply, never the row of another user or tenant', async (_, claims, expected) => {
    const rows = await database.as('authenticated', `select scope_key from ${table} order by 1`, claims);
    expect(rows.map(({ scope_key }) => scope_key)).toEqual(expected);
  });

  test('service_role: every row', async () => {
    expect(await database.as('service_role', `select from ${table}`)).toHaveLength(7);
  });

  test('anon: nothing, not even the schema', async () => {
    await expect(
      database.as('anon', `select from ${table}`, { tenant_id: 'acme', sub: 'ann' }),
    ).rejects.toThrow('permission denied for schema copilot_internal');
  });
});

describe('who writes it (#23)', () => {
  const claims = { tenant_id: 'acme', sub: 'ann' };
  const asAnn = (text: string): Promise<Config[]> => database.as('authenticated', text, claims);

  test('a user its own row: insert, patch, delete; and the row says so', async () => {
    const patch = (size: number): string => `
      insert into ${table} (tenant_id, user_id, path_max_messages, updated_by) values ('acme', 'ann', ${size}, 'eve')
      on conflict (scope_key) do update set path_max_messages = excluded.path_max_messages
      returning path_max_messages, updated_by`;
    expect(await asAnn(patch(5))).toEqual([{ path_max_messages: 5, updated_by: 'ann' }]);
    expect(await asAnn(patch(6))).toEqual([{ path_max_messages: 6, updated_by: 'ann' }]);
    expect(await asAnn(`delete from ${table} returning scope_key`)).toEqual([{ scope_key: 'acme:ann' }]);
  });

  test.each([
    ['everybody', '', ''],
    ['its tenant', 'tenant_id', `'acme'`],
    ['another user of its tenant', 'tenant_id, user_id', `'acme', 'bob'`],
    ['itself in another tenant', 'tenant_id, user_id', `'umbrella', 'ann'`],
  ])('a user inserts no row of %s', async (_, columns, values) => {
    const statement =
      columns === ''
        ? `insert into ${table} default values`
        : `insert into ${table} (${columns}) values (${values})`;
    await expect(asAnn(statement)).rejects.toThrow('violates row-level security policy');
  });

  test('a user changes and deletes no row but its own', async () => {
    await insert({ merge_max_messages: 1 });
    await insert(acme);
    await insert({ tenant_id: 'acme', user_id: 'bob' });
    await insert({ tenant_id: 'umbrella', user_id: 'ann' });
    expect(await asAnn(`update ${table} set path_max_messages = 1 returning scope_key`)).toEqual([]);
    expect(await asAnn(`delete from ${table} returning scope_key`)).toEqual([]);
  });

  test.each([
    `user_id = null`,
    `user_id = 'bob'`,
    `tenant_id = 'umbrella'`,
    `tenant_id = null, user_id = null`,
  ])('a user can not make another level of its own row by %s', async (change) => {
    await insert(ann);
    await expect(asAnn(`update ${table} set ${change}`)).rejects.toThrow(
      'violates row-level security policy',
    );
  });

  test.each<[string, Config]>([
    ['without a tenant', { sub: 'ann' }],
    ['without a user', { tenant_id: 'acme' }],
  ])('a token %s writes nothing', async (_, token) => {
    const statement = `insert into ${table} (tenant_id, user_id) values ('acme', 'ann')`;
    await expect(database.as('authenticated', statement, token)).rejects.toThrow(
      'violates row-level security policy',
    );
  });

  test('a user does not truncate', async () => {
    await expect(asAnn(`truncate ${table}`)).rejects.toThrow('permission denied');
  });

  test('service_role every row, also where it does not bypass row level security', async () => {
    const admin = await database.session('supabase_admin');
    await admin.query('alter role service_role nobypassrls');
    const written = await database.as(
      'service_role',
      `insert into ${table} (tenant_id, user_id) values (null, null), ('acme', null), ('acme', 'ann') returning scope_key`,
    );
    const deleted = await database.as('service_role', `delete from ${table} returning scope_key`);
    await admin.query('alter role service_role bypassrls');
    expect(written).toHaveLength(3);
    expect(deleted).toHaveLength(3);
  });
});

describe('what applies (#8)', () => {
  const effective = async (...ids: (string | null)[]): Promise<Config> =>
    (
      await database.sql(
        'select * from copilot_internal.effective_config($1, $2)',
        [...ids, null].slice(0, 2),
      )
    )[0]!;

  test('the defaults while there is no row', async () => {
    expect(await effective('acme', 'ann')).toEqual({
      merge_compression_strategy: 'moderate',
      merge_max_messages: 100,
      merge_preserve_pinned: true,
      path_compression_strategy: 'sliding_window',
      path_max_messages: 200,
      path_sliding_window_size: 50,
      path_compression_threshold: 0.85,
      auto_compact_enabled: true,
      compaction_interval_minutes: 60,
      config_level: 'global',
      config_scope: 'global',
      updated_at: new Date(0),
      updated_by: null,
    });
  });

  test('field by field the narrowest word, with level and author of the narrowest row', async () => {
    await insert({
      merge_preserve_pinned: false,
      path_max_messages: 1,
      merge_max_messages: 1,
      updated_by: 'g',
    });
    await insert({ ...acme, path_max_messages: 2, merge_max_messages: 2, updated_by: 't' });
    await insert({ ...ann, merge_max_messages: 3 });
    expect(await effective('acme', 'ann')).toMatchObject({
      merge_max_messages: 3,
      path_max_messages: 2,
      merge_preserve_pinned: false,
      auto_compact_enabled: true,
      config_level: 'user',
      config_scope: 'ann',
      updated_by: null,
    });
    expect(await effective('acme', 'bob')).toMatchObject({
      merge_max_messages: 2,
      config_level: 'tenant',
      config_scope: 'acme',
      updated_by: 't',
    });
    expect(await effective('umbrella', 'ann')).toMatchObject({
      merge_max_messages: 1,
      config_level: 'global',
      config_scope: 'global',
      updated_by: 'g',
    });
  });

  test('asked without a tenant, or for one called global, it is that of everybody', async () => {
    await insert({ merge_max_messages: 1 });
    for (const ids of [[null], [null, 'ann'], ['global'], ['global', 'ann']]) {
      expect(await effective(...ids)).toMatchObject({ merge_max_messages: 1, config_level: 'global' });
    }
  });

  test.each<[ApiRole, boolean]>([
    ['service_role', true],
    ['authenticated', false],
    ['anon', false],
  ])('asked by %s: %s', async (role, mayAsk) => {
    const asking = database.as(role, `select * from copilot_internal.effective_config('acme')`, {
      tenant_id: 'acme',
    });
    if (mayAsk) expect(await asking).toHaveLength(1);
    else await expect(asking).rejects.toThrow('permission denied');
  });
});

test('nobody calls the private functions directly (#23)', async () => {
  for (const role of ['anon', 'authenticated', 'service_role'] as const) {
    for (const call of ['token_user_id()', `config_scope_key('a', 'b')`]) {
      await expect(database.as(role, `select copilot_private.${call}`)).rejects.toThrow(
        'permission denied for schema copilot_private',
      );
    }
  }
});

describe('coherence (#21)', () => {
  test('it is tracked by scope, for the configs of L2, and published to Realtime', async () => {
    const { watch } = await database.changesSince();
    expect(watch![table]).toMatchObject({
      namespace: 'main',
      prefixes: ['copilot:conv:config'],
      problem: null,
    });
    expect(
      await database.sql(
        `select from pg_publication_tables where pubname = 'supabase_realtime' and schemaname || '.' || tablename = $1`,
        [table],
      ),
    ).toHaveLength(1);
  });

  test('the journal names the scope of each level, as the key of the row does', async () => {
    const written = async (columns: Config): Promise<unknown> =>
      (await database.journaled(table, () => insert(columns)))[0];
    expect(await written({ merge_max_messages: 1 })).toEqual(['global']);
    for (const tenant_id of awkwardIds) {
      expect(await written({ tenant_id })).toEqual([encodeKey(tenant_id)]);
      expect(await written({ tenant_id, user_id: 'a:b' })).toEqual([encodeKey([tenant_id, 'a:b'])]);
    }
  });

  test('the change stream of a DELETE carries the scope', async () => {
    const admin = await database.session('supabase_admin');
    await insert(ann);
    await admin.query(`select pg_create_logical_replication_slot('deletes', 'pgoutput', true)`);
    await database.sql(`delete from ${table}`);
    const { rows } = await admin.query<{ message: string }>(`
      select encode(data, 'escape') as message
      from pg_logical_slot_get_binary_changes(
        'deletes', null, null, 'proto_version', '1', 'publication_names', 'supabase_realtime'
      )
    `);
    expect(rows.some(({ message }) => message.startsWith('D') && message.includes('acme:ann'))).toBe(true);
  });
});
