// The answers that a healthy Data API never gives; the conformance suite runs against a real one.
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../errors.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

const ann = { tenantId: 't', userId: 'ann' };

const emptyRow = {
  tenant_id: null,
  user_id: null,
  merge_compression_strategy: null,
  merge_max_messages: null,
  merge_preserve_pinned: null,
  path_compression_strategy: null,
  path_max_messages: null,
  path_sliding_window_size: null,
  path_compression_threshold: null,
  auto_compact_enabled: null,
  compaction_interval_minutes: null,
  updated_at: '2027-01-02T03:04:05.678912+00:00',
  updated_by: null,
};

const config = { mergeMaxMessages: 7 };

const writes = [
  ['a set for everybody', (store: SupabaseConversationConfigStore) => store.setGlobalConfig(config)],
  [
    'a set for a tenant',
    (store: SupabaseConversationConfigStore) => store.setTenantConfig({ tenantId: 't', config }),
  ],
  ['a set for a user', (store: SupabaseConversationConfigStore) => store.setUserConfig({ ...ann, config })],
  ['a delete for a tenant', (store: SupabaseConversationConfigStore) => store.deleteTenantConfig('t')],
  ['a delete for a user', (store: SupabaseConversationConfigStore) => store.deleteUserConfig(ann)],
] as const;

const actions = [
  ['a read', (store: SupabaseConversationConfigStore) => store.getConfig(ann)],
  ...writes,
] as const;

describe('a request', () => {
  test('for a config is one, whatever the levels, in the schema of its header', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    await new SupabaseConversationConfigStore(supabase).getConfig(ann);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers.get('accept-profile')).toBe('copilot_internal');
    const { pathname, searchParams } = new URL(requests[0]?.url ?? '');
    expect(pathname).toBe('/rest/v1/conversation_configs');
    expect(searchParams.get('scope_key')).toBe('in.("global","t","t:ann")');
  });

  test('goes to another schema when told so', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    const store = new SupabaseConversationConfigStore(supabase, { schema: 'public' });
    await store.getConfig(ann);
    expect(store.table).toBe('public.conversation_configs');
    expect(requests[0]?.headers.get('accept-profile')).toBe('public');
  });

  test('quotes ids, so that none can name the row of another', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    const store = new SupabaseConversationConfigStore(supabase);
    await store.getConfig({ tenantId: 'a","other' });
    await store.getConfig({ tenantId: 'b\\' });
    const asked = requests.map(({ url }) => new URL(url).searchParams.get('scope_key'));
    expect(asked).toEqual([String.raw`in.("global","a\",\"other")`, String.raw`in.("global","b\\")`]);
  });

  test('of a set names the columns that change, and no other', async () => {
    const { supabase, requests } = fakeDataApi(() => json({ scope_key: 't:ann' }));
    const store = new SupabaseConversationConfigStore(supabase);
    await store.setUserConfig({
      ...ann,
      config: { mergeMaxMessages: 7, autoCompactEnabled: null },
      updatedBy: 'admin',
    });
    expect(await requests[0]?.json()).toEqual({
      tenant_id: 't',
      user_id: 'ann',
      updated_by: 'admin',
      merge_max_messages: 7,
      auto_compact_enabled: null,
    });
    expect(new URL(requests[0]?.url ?? '').searchParams.get('on_conflict')).toBe('scope_key');
    expect(requests[0]?.headers.get('prefer')).toContain('resolution=merge-duplicates');
  });

  test('is not sent for what is refused', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    const store = new SupabaseConversationConfigStore(supabase);
    await expect(store.getConfig({ tenantId: 'global' })).rejects.toThrow();
    await expect(store.setGlobalConfig({ mergeMaxMessages: 0 })).rejects.toThrow();
    await expect(store.deleteUserConfig({ tenantId: 't', userId: '' })).rejects.toThrow();
    expect(requests).toEqual([]);
  });
});

describe.each(actions)('%s', (_, act) => {
  test('that is refused throws the code of PostgREST, after one request', async () => {
    const body = { code: '42501', message: 'permission denied', details: null, hint: null };
    const { supabase, requests } = fakeDataApi(() => json(body, 403));
    const failure = act(new SupabaseConversationConfigStore(supabase));
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      sourceCode: '42501',
      status: 403,
      message: expect.stringContaining('copilot_internal.conversation_configs failed with 42501'),
    });
    expect(requests).toHaveLength(1);
  });

  test.each([404, 204])('that is answered with an empty %i fails: rows were asked for', async (status) => {
    const { supabase } = fakeDataApi(() => new Response(status === 204 ? null : '', { status }));
    await expect(act(new SupabaseConversationConfigStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(untilAborted);
    const store = new SupabaseConversationConfigStore(supabase, { deadline: '20ms' });
    await expect(act(store)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms'),
    });
  });
});

test.each(writes)('%s that is not answered says so and is not sent again', async (_, act) => {
  const { supabase, requests } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
  await expect(act(new SupabaseConversationConfigStore(supabase))).rejects.toMatchObject({
    message: expect.stringContaining('the outcome is unknown'),
  });
  expect(requests).toHaveLength(1);
});

describe('rows', () => {
  const read = (rows: unknown): Promise<unknown> =>
    new SupabaseConversationConfigStore(fakeDataApi(() => json(rows)).supabase).getConfig(ann);

  test('of the three levels are merged, columns that are null left out, in whatever order they come', async () => {
    const rows = [
      { ...emptyRow, tenant_id: 't', user_id: 'ann', merge_max_messages: 3, newer_column: 'x' },
      { ...emptyRow, merge_max_messages: 1, path_max_messages: 1, compaction_interval_minutes: 1 },
      { ...emptyRow, tenant_id: 't', merge_max_messages: 2, path_max_messages: 2, updated_by: 'admin' },
    ];
    const config = await read(rows);
    expect(config).toMatchObject({
      mergeMaxMessages: 3,
      pathMaxMessages: 2,
      compactionIntervalMinutes: 1,
      pathSlidingWindowSize: 50,
      configLevel: 'user',
      updatedAt: new Date('2027-01-02T03:04:05.678Z'),
    });
    expect(config).not.toHaveProperty('updatedBy');
  });

  test.each([
    ['of another tenant', { tenant_id: 'other' }],
    ['of another user', { tenant_id: 't', user_id: 'bob' }],
    ['of a user who has a tenant in its name', { tenant_id: 't:ann' }],
  ])('%s are an error and never an answer (R4)', async (_, level) => {
    await expect(read([{ ...emptyRow, ...level }])).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });

  test.each([
    [
      'an unknown strategy',
      { path_compression_strategy: 'loud' },
      'fields.pathCompressionStrategy must be one of none, sliding_window, semantic, hybrid, got "loud"',
    ],
    ['no time', { updated_at: null }, 'updatedAt must be a date, got nothing'],
    ['a text for a number', { merge_max_messages: '7' }, 'fields.mergeMaxMessages must be an integer'],
  ])('with %s fail the read instead of being guessed at', async (_, changes, says) => {
    await expect(read([{ ...emptyRow, ...changes }])).rejects.toMatchObject({
      code: 'ROW_INVALID',
      message: expect.stringContaining(
        `the row in copilot_internal.conversation_configs can't be used: ${says}`,
      ),
    });
  });

  test.each([
    ['a text', 'x'],
    ['one row', emptyRow],
    ['a list of texts', ['x']],
  ])('that are %s are an error', async (_, rows) => {
    await expect(read(rows)).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });
});

test('the signal of the caller ends a read with its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('the user left');
  const { supabase, requests } = fakeDataApi((request) => {
    controller.abort(reason);
    return untilAborted(request);
  });
  const store = new SupabaseConversationConfigStore(supabase);
  await expect(store.getConfig(ann, { signal: controller.signal })).rejects.toBe(reason);
  expect(requests[0]?.signal.aborted).toBe(true);
});

test('sets and deletes are logged, with the scope and without the content', async () => {
  const log = new RecordedLog();
  const { supabase } = fakeDataApi(() => json({ scope_key: 't:ann' }));
  const store = new SupabaseConversationConfigStore(supabase, { logger: log });
  await store.setUserConfig({ ...ann, config });
  await store.deleteTenantConfig('t');
  expect(log.lines).toEqual([
    {
      level: 'info',
      fields: { component: 'config-store', scope: 't:ann' },
      message: 'conversation config saved',
    },
    {
      level: 'info',
      fields: { component: 'config-store', scope: 't' },
      message: 'conversation config deleted',
    },
  ]);
});

function untilAborted(request: Request): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<Response>();
  const end = (): void => reject(request.signal.reason);
  if (request.signal.aborted) end();
  else request.signal.addEventListener('abort', end);
  return promise;
}
