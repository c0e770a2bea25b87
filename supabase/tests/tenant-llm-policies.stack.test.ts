// The table of LLM policies: what it holds, what it refuses, who sees it, and that it is tracked.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
});
afterEach(() => database.endSessions());
afterAll(() => database.close());

const table = 'copilot_internal.tenant_llm_policies';

type Policy = Record<string, unknown>;

let tenants = 0;

/** Inserts a valid policy with the given columns, the rest as small as it may be. */
async function insert(columns: Policy = {}): Promise<Policy> {
  tenants += 1;
  const row = { tenant_id: `tenant-${tenants}`, default_model: 'm', default_provider: 'local', ...columns };
  const names = Object.keys(row).join(', ');
  const [inserted] = await database.sql(
    `insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, $1) returning *`,
    [JSON.stringify(row)],
  );
  return inserted!;
}

const task = { task: 'chat', model: 'm', provider: 'p' };

describe('what it holds (#20)', () => {
  test('defaults', async () => {
    expect(await insert()).toMatchObject({
      allow_remote_egress: true,
      egress_mode: null,
      allow_off_mode: null,
      tasks: [],
      user_policies: null,
      updated_by: null,
    });
  });

  test.each(['off', 'audit', 'enforce', null])('egress mode %s (#3)', async (mode) => {
    expect(await insert({ egress_mode: mode })).toMatchObject({ egress_mode: mode });
  });

  test('tasks and user policies come back as they were given', async () => {
    const policy = {
      tasks: [task, { ...task, temperature: 0 }, { ...task, temperature: 0.7, maxTokens: 1 }],
      user_policies: { 'user:1': { egressMode: 'off', allowOffMode: true }, 'user 2': {} },
    };
    expect(await insert(policy)).toMatchObject(policy);
  });

  test('ids of 1 and of 200 characters, also of more than one byte each', async () => {
    expect(await insert({ tenant_id: 'x' })).toMatchObject({ tenant_id: 'x' });
    expect(await insert({ tenant_id: '🙂'.repeat(200) })).toMatchObject({ tenant_id: '🙂'.repeat(200) });
  });
});

describe('what it refuses (#22)', () => {
  test.each<[string, Policy, string]>([
    ['an empty tenant', { tenant_id: '' }, 'tenant_id_is_an_id'],
    ['a tenant of 201 characters', { tenant_id: 'x'.repeat(201) }, 'tenant_id_is_an_id'],
    ['the tenant global', { tenant_id: 'global' }, 'tenant_id_is_not_global'],
    ['an empty model', { default_model: '' }, 'default_model_is_not_empty'],
    ['an empty provider', { default_provider: '' }, 'default_provider_is_not_empty'],
    ['an unknown egress mode', { egress_mode: 'on' }, 'egress_mode_is_known'],
    ['an egress mode in capitals', { egress_mode: 'OFF' }, 'egress_mode_is_known'],
    ['an empty egress mode', { egress_mode: '' }, 'egress_mode_is_known'],
    ['tasks that are no array', { tasks: {} }, 'tasks_are_valid'],
    ['tasks that are a text', { tasks: 'chat' }, 'tasks_are_valid'],
    ['a task that is no object', { tasks: ['chat'] }, 'tasks_are_valid'],
    ['a task that is null', { tasks: [null] }, 'tasks_are_valid'],
    ['a task without a name', { tasks: [{ model: 'm', provider: 'p' }] }, 'tasks_are_valid'],
    ['a task with an empty name', { tasks: [{ ...task, task: '' }] }, 'tasks_are_valid'],
    ['a task without a model', { tasks: [{ task: 't', provider: 'p' }] }, 'tasks_are_valid'],
    ['a task without a provider', { tasks: [{ task: 't', model: 'm' }] }, 'tasks_are_valid'],
    ['a model that is a number', { tasks: [{ ...task, model: 1 }] }, 'tasks_are_valid'],
    ['a provider that is null', { tasks: [{ ...task, provider: null }] }, 'tasks_are_valid'],
    ['a temperature that is a text', { tasks: [{ ...task, temperature: '0.5' }] }, 'tasks_are_valid'],
    ['a temperature below 0', { tasks: [{ ...task, temperature: -0.1 }] }, 'tasks_are_valid'],
    ['a temperature that is null', { tasks: [{ ...task, temperature: null }] }, 'tasks_are_valid'],
    ['a temperature in a list', { tasks: [{ ...task, temperature: [1] }] }, 'tasks_are_valid'],
    ['maxTokens of 0', { tasks: [{ ...task, maxTokens: 0 }] }, 'tasks_are_valid'],
    ['maxTokens of one and a half', { tasks: [{ ...task, maxTokens: 1.5 }] }, 'tasks_are_valid'],
    ['maxTokens beyond counting', { tasks: [{ ...task, maxTokens: 2 ** 53 }] }, 'tasks_are_valid'],
    ['a misspelt field of a task', { tasks: [{ ...task, max_tokens: 5 }] }, 'tasks_are_valid'],
    ['one bad task among good ones', { tasks: [task, {}, task] }, 'tasks_are_valid'],
    ['user policies that are an array', { user_policies: [] }, 'user_policies_are_valid'],
    ['user policies that are a text', { user_policies: 'off' }, 'user_policies_are_valid'],
    ['an empty user', { user_policies: { '': {} } }, 'user_policies_are_valid'],
    ['a user of 201 characters', { user_policies: { ['x'.repeat(201)]: {} } }, 'user_policies_are_valid'],
    [
      'a user called __proto__',
      { user_policies: JSON.parse('{"__proto__": {}}') },
      'user_policies_are_valid',
    ],
    ['a user policy that is no object', { user_policies: { u: 'off' } }, 'user_policies_are_valid'],
    ['an unknown mode of a user', { user_policies: { u: { egressMode: 'on' } } }, 'user_policies_are_valid'],
    [
      'a mode of a user that is null',
      { user_policies: { u: { egressMode: null } } },
      'user_policies_are_valid',
    ],
    [
      'allowOffMode that is a text',
      { user_policies: { u: { allowOffMode: 'yes' } } },
      'user_policies_are_valid',
    ],
    [
      'a misspelt field of a user',
      { user_policies: { u: { egress_mode: 'off' } } },
      'user_policies_are_valid',
    ],
    ['an empty author', { updated_by: '' }, 'updated_by_is_an_id'],
  ])('%s', async (_, columns, constraint) => {
    await expect(insert(columns)).rejects.toMatchObject({ constraint: `tenant_llm_policies_${constraint}` });
  });

  test.each([
    ['tenant_id', '23502'],
    ['default_model', '23502'],
    ['default_provider', '23502'],
    ['allow_remote_egress', '23502'],
    ['tasks', '23502'],
  ])('%s that is null', async (column, code) => {
    await expect(insert({ [column]: null })).rejects.toMatchObject({ code, column });
  });

  test('a second policy of a tenant', async () => {
    const { tenant_id } = await insert();
    await expect(insert({ tenant_id })).rejects.toMatchObject({ constraint: 'tenant_llm_policies_pkey' });
  });
});

describe('the stamp (#22)', () => {
  test('an upsert that replaces the whole row keeps created_at and moves updated_at', async () => {
    const before = await insert();
    const [after] = await database.sql(
      `insert into ${table} (tenant_id, default_model, default_provider, created_at, updated_at)
       values ($1, 'm2', 'p', '2000-01-01', '2000-01-01')
       on conflict (tenant_id) do update set
         default_model = excluded.default_model, created_at = excluded.created_at, updated_at = excluded.updated_at
       returning *, updated_at > $2 as has_moved`,
      [before['tenant_id'], before['updated_at']],
    );
    expect(after).toMatchObject({ default_model: 'm2', created_at: before['created_at'], has_moved: true });
  });

  test('without a user in the token the statement says who wrote; with one the token does', async () => {
    const { tenant_id } = await insert({ updated_by: 'job' });
    const written = (claims: Policy): Promise<Policy[]> =>
      database.as(
        'service_role',
        `update ${table} set updated_by = 'script' where tenant_id = '${String(tenant_id)}' returning updated_by`,
        claims,
      );
    expect(await written({})).toEqual([{ updated_by: 'script' }]);
    expect(await written({ sub: 'user-1' })).toEqual([{ updated_by: 'user-1' }]);
  });
});

describe('who sees it (#23)', () => {
  beforeAll(async () => {
    await insert({ tenant_id: 'acme' });
    await insert({ tenant_id: 'umbrella' });
  });

  const readAs = async (claims: Policy): Promise<unknown[]> =>
    (await database.as('authenticated', `select tenant_id from ${table}`, claims)).map(
      ({ tenant_id }) => tenant_id,
    );

  test.each<[string, Policy, string[]]>([
    ['the claim tenant_id', { tenant_id: 'acme' }, ['acme']],
    ['app_metadata.tenant_id', { app_metadata: { tenant_id: 'umbrella' } }, ['umbrella']],
    [
      'the claim before app_metadata',
      { tenant_id: 'acme', app_metadata: { tenant_id: 'umbrella' } },
      ['acme'],
    ],
    [
      'app_metadata if the claim is empty',
      { tenant_id: '', app_metadata: { tenant_id: 'umbrella' } },
      ['umbrella'],
    ],
    ['never user_metadata', { user_metadata: { tenant_id: 'acme' } }, []],
    ['an unknown tenant', { tenant_id: 'nobody' }, []],
    ['no tenant', {}, []],
    ['a tenant that is a list', { tenant_id: ['acme'] }, []],
    ['app_metadata that is no object', { app_metadata: 'acme' }, []],
  ])('authenticated sees the policy of its tenant: %s', async (_, claims, expected) => {
    expect(await readAs(claims)).toEqual(expected);
  });

  test.each([
    `insert into ${table} (tenant_id, default_model, default_provider) values ('acme-2', 'm', 'p')`,
    `update ${table} set egress_mode = 'off'`,
    `delete from ${table}`,
    `truncate ${table}`,
  ])('authenticated may not %s', async (text) => {
    await expect(database.as('authenticated', text, { tenant_id: 'acme' })).rejects.toThrow(
      'permission denied',
    );
  });

  test('anon sees nothing, not even the schema', async () => {
    await expect(database.as('anon', `select from ${table}`, { tenant_id: 'acme' })).rejects.toThrow(
      'permission denied for schema copilot_internal',
    );
  });

  test('service_role sees and writes every row', async () => {
    const all = await database.as('service_role', `select tenant_id from ${table}`);
    expect(all.map(({ tenant_id }) => tenant_id)).toEqual(expect.arrayContaining(['acme', 'umbrella']));
    await database.as(
      'service_role',
      `insert into ${table} (tenant_id, default_model, default_provider) values ('by-service', 'm', 'p')`,
    );
    await database.as(
      'service_role',
      `update ${table} set egress_mode = 'audit' where tenant_id = 'by-service'`,
    );
    expect(
      await database.as(
        'service_role',
        `delete from ${table} where tenant_id = 'by-service' returning egress_mode`,
      ),
    ).toEqual([{ egress_mode: 'audit' }]);
  });

  test('service_role writes also where it does not bypass row level security', async () => {
    const admin = await database.session('supabase_admin');
    await admin.query('alter role service_role nobypassrls');
    const seen = await database.as('service_role', `select from ${table}`);
    await admin.query('alter role service_role bypassrls');
    expect(seen.length).toBeGreaterThan(1);
  });

  test('nobody calls the private functions directly', async () => {
    for (const role of ['anon', 'authenticated', 'service_role'] as const) {
      await expect(database.as(role, 'select copilot_private.token_tenant_id()')).rejects.toThrow(
        'permission denied for schema copilot_private',
      );
    }
  });
});

test('it is tracked by tenant, for the policies of L2, and published to Realtime (#21, #24)', async () => {
  const { watch } = await database.changesSince();
  expect(watch![table]).toEqual({
    namespace: 'main',
    prefixes: ['copilot:llm:policy'],
    problem: null,
    key: 'tenant_id',
  });
  expect(await database.journaled(table, () => insert({ tenant_id: 'a:b' }))).toEqual([['a%3Ab']]);
  expect(
    await database.sql(
      `select from pg_publication_tables where pubname = 'supabase_realtime' and schemaname || '.' || tablename = $1`,
      [table],
    ),
  ).toHaveLength(1);
});
