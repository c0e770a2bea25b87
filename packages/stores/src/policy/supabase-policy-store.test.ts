// The answers that a healthy Data API never gives; the conformance suite runs against a real one.
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../errors.ts';
import { fakeDataApi, json, untilAborted } from '../testing/fake-data-api.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

const row = {
  tenant_id: 'test-tenant',
  default_model: 'gpt-large',
  default_provider: 'remote',
  allow_remote_egress: true,
  egress_mode: null,
  allow_off_mode: null,
  tasks: [],
  user_policies: null,
};

const actions = [
  ['a read', (store: SupabasePolicyStore) => store.getPolicy('test-tenant')],
  ['a write', (store: SupabasePolicyStore) => store.setPolicy(somePolicy())],
  ['a delete', (store: SupabasePolicyStore) => store.deletePolicy('test-tenant')],
] as const;

describe('a request (#5)', () => {
  test('names the schema in its header and the table without a dot', async () => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    await new SupabasePolicyStore(supabase).getPolicy('test-tenant');
    expect(requests[0]?.headers.get('accept-profile')).toBe('copilot_internal');
    expect(new URL(requests[0]?.url ?? '').pathname).toBe('/rest/v1/tenant_llm_policies');
  });

  test('goes to another schema when told so', async () => {
    const { supabase, requests } = fakeDataApi(() => json({ tenant_id: 'test-tenant' }));
    const store = new SupabasePolicyStore(supabase, { schema: 'public' });
    await store.setPolicy(somePolicy());
    expect(store.table).toBe('public.tenant_llm_policies');
    expect(requests[0]?.headers.get('content-profile')).toBe('public');
  });

  test('is refused for a schema the migrations do not know', () => {
    const { supabase } = fakeDataApi(() => json([]));
    const options = { schema: 'copilot' as 'public' };
    expect(() => new SupabasePolicyStore(supabase, options)).toThrow(
      'schema must be one of copilot_internal, public, got "copilot"',
    );
  });

  test('writes null where the policy has no word, so that a set replaces all of the row', async () => {
    const { supabase, requests } = fakeDataApi(() => json({ tenant_id: 'test-tenant' }));
    await new SupabasePolicyStore(supabase).setPolicy(somePolicy(), { updatedBy: 'admin' });
    expect(await requests[0]?.json()).toEqual({ ...row, updated_by: 'admin' });
  });

  test('is not sent for what is refused', async () => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    const store = new SupabasePolicyStore(supabase);
    await expect(store.getPolicy('global')).rejects.toThrow();
    await expect(store.setPolicy({ ...somePolicy(), egressMode: 'x' as 'off' })).rejects.toThrow();
    expect(requests).toEqual([]);
  });
});

describe.each(actions)('%s (#5)', (_, act) => {
  test.each([
    [401, { code: 'PGRST301', message: 'JWT expired', details: null, hint: null }],
    [
      403,
      {
        code: '42501',
        message: 'permission denied for table tenant_llm_policies',
        details: null,
        hint: null,
      },
    ],
    [404, { code: 'PGRST205', message: 'Could not find the table', details: null, hint: null }],
    [503, { code: 'PGRST002', message: 'Could not query the database', details: null, hint: null }],
  ])('that is answered with %i throws the code of PostgREST, after one request', async (status, body) => {
    const { supabase, requests } = fakeDataApi(() => json(body, status));
    const failure = act(new SupabasePolicyStore(supabase));
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      sourceCode: body.code,
      status,
      message: expect.stringContaining(
        `copilot_internal.tenant_llm_policies failed with ${body.code}: ${body.message}`,
      ),
      cause: { message: body.message },
    });
    expect(requests).toHaveLength(1);
  });

  test('that is answered with an empty 404 fails, although supabase-js shows it as success', async () => {
    const { supabase } = fakeDataApi(() => new Response('', { status: 404 }));
    await expect(act(new SupabasePolicyStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('without rows'),
    });
  });

  test('that is answered with 204 fails: the rows were asked for', async () => {
    const { supabase } = fakeDataApi(() => new Response(null, { status: 204 }));
    await expect(act(new SupabasePolicyStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      status: 204,
    });
  });

  test('asks for rows, the only proof that a table answered', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    await act(new SupabasePolicyStore(supabase));
    const request = requests[0];
    if (request?.method !== 'GET') expect(request?.headers.get('prefer')).toContain('return=representation');
    expect(new URL(request?.url ?? '').searchParams.get('select')).toMatch(/^tenant_id/);
  });

  test('that reaches nobody throws', async () => {
    const { supabase } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
    await expect(act(new SupabasePolicyStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      sourceCode: '',
      status: 0,
    });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(untilAborted);
    await expect(act(new SupabasePolicyStore(supabase, { deadline: '20ms' }))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms'),
    });
  });
});

describe('a connection that breaks before an answer', () => {
  function breakingOnce(): ReturnType<typeof fakeDataApi> {
    const api = fakeDataApi(() =>
      api.requests.length === 1 ? Promise.reject(new TypeError('fetch failed')) : json([row]),
    );
    return api;
  }

  test('does not fail a read: it is tried again at once', async () => {
    const { supabase, requests } = breakingOnce();
    expect(await new SupabasePolicyStore(supabase).getPolicy('test-tenant')).toStrictEqual(somePolicy());
    expect(requests).toHaveLength(2);
  });

  test.each(actions.slice(1))('fails %s, which may have happened: it is not tried again', async (_, act) => {
    const { supabase, requests } = breakingOnce();
    await expect(act(new SupabasePolicyStore(supabase))).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(requests).toHaveLength(1);
  });
});

describe('an unanswered write', () => {
  test.each(actions)('of the kind %s says whether the outcome is known', async (kind, act) => {
    const { supabase } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
    const message = await act(new SupabasePolicyStore(supabase)).then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(message.includes('the outcome is unknown')).toBe(kind !== 'a read');
  });
});

describe('a row (#2, #5)', () => {
  async function read(answer: unknown): Promise<unknown> {
    const { supabase } = fakeDataApi(() => json(answer));
    return new SupabasePolicyStore(supabase).getPolicy('test-tenant');
  }

  test('becomes a policy without the columns that are null', async () => {
    expect(await read([row])).toStrictEqual(somePolicy());
  });

  test('that a newer release wrote is read without the fields nobody knows here', async () => {
    const task = { task: 't', model: 'm', provider: 'p' };
    const newer = { ...row, region: 'eu', tasks: [{ ...task, topK: 3, temperature: null }] };
    expect(await read([newer])).toStrictEqual(somePolicy({ tasks: [task] }));
  });

  test.each([
    [
      'an unknown egress mode',
      { egress_mode: 'loud' },
      'egressMode must be one of off, audit, enforce, got "loud"',
    ],
    ['tasks that are no list', { tasks: {} }, 'tasks must be a list, got an object'],
    ['no model', { default_model: null }, 'defaultModel must be a non-empty text, got nothing'],
    [
      'a rule for a user that objects inherit from',
      { user_policies: JSON.parse('{"__proto__":{}}') as object },
      'userPolicies must not have "__proto__"',
    ],
  ])('with %s fails the read instead of being guessed at', async (_, changes, says) => {
    await expect(read([{ ...row, ...changes }])).rejects.toMatchObject({
      code: 'ROW_INVALID',
      message: expect.stringContaining(
        `the row in copilot_internal.tenant_llm_policies of "test-tenant" can't be used: ${says}`,
      ),
    });
  });

  test('of another tenant is an error and never an answer (R4)', async () => {
    await expect(read([{ ...row, tenant_id: 'other' }])).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });

  test('that is none at all is an error, for an answer that is neither a row nor empty', async () => {
    await expect(read('<html>')).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });

  test('that comes twice is an error', async () => {
    await expect(read([row, row])).rejects.toMatchObject({ code: 'SOURCE_FAILED', sourceCode: 'PGRST116' });
  });
});

describe('the signal of the caller', () => {
  test('ends a read with its own reason', async () => {
    const controller = new AbortController();
    const reason = new Error('the user left');
    const { supabase, requests } = fakeDataApi((request) => {
      controller.abort(reason);
      return untilAborted(request);
    });
    const reading = new SupabasePolicyStore(supabase).getPolicy('test-tenant', { signal: controller.signal });
    await expect(reading).rejects.toBe(reason);
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  test('sends nothing when it has ended before', async () => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    const signal = AbortSignal.abort(new Error('the user left'));
    await expect(new SupabasePolicyStore(supabase).getPolicy('test-tenant', { signal })).rejects.toThrow(
      'the user left',
    );
    expect(requests).toEqual([]);
  });
});

test('a saved and a deleted policy are logged, with the tenant and without the content (#40)', async () => {
  const log = new RecordedLog();
  const { supabase } = fakeDataApi(() => json({ tenant_id: 'test-tenant' }));
  const store = new SupabasePolicyStore(supabase, { logger: log });
  await store.setPolicy(somePolicy());
  await store.deletePolicy('test-tenant');
  const fields = { component: 'policy-store', tenantId: 'test-tenant' };
  expect(log.lines).toEqual([
    { level: 'info', fields, message: 'policy saved' },
    { level: 'info', fields, message: 'policy deleted' },
  ]);
});

test('a failed write is not logged as saved', async () => {
  const log = new RecordedLog();
  const { supabase } = fakeDataApi(() => json({ code: '42501', message: 'no' }, 403));
  await expect(new SupabasePolicyStore(supabase, { logger: log }).setPolicy(somePolicy())).rejects.toThrow();
  expect(log.lines).toEqual([]);
});
