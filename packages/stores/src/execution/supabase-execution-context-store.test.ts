// What the store of execution contexts asks of the Data API, and the answers that a healthy one never gives; the
// conformance suite runs against a real one.
import { describe, expect, test } from 'vitest';
import { SourceError } from '../errors.ts';
import { fakeDataApi, json, untilAborted } from '../testing/fake-data-api.ts';
import { SupabaseExecutionContextStore } from './supabase-execution-context-store.ts';

const path = { tenantId: 't', conversationId: 'c', pathId: 'p' };

const row = {
  id: 'e1',
  tenant_id: 't',
  conversation_id: 'c',
  path_id: 'p',
  status: 'ready',
  sandbox_id: null,
  error: null,
  created_at: '2026-01-02T03:04:05.678901+00:00',
  last_used_at: '2026-01-02T03:04:06+00:00',
  expires_at: '2026-01-02T03:34:06+00:00',
  terminated_at: null,
};

type Store = SupabaseExecutionContextStore;

const writes: readonly [string, (store: Store) => Promise<unknown>, string, object][] = [
  [
    'a create',
    (store) => store.createContext({ ...path, sandboxId: 's' }),
    'create_execution_context',
    { of_tenant_id: 't', of_conversation_id: 'c', of_path_id: 'p', sandbox: 's', ttl_ms: 1_800_000 },
  ],
  [
    'a touch',
    (store) => store.touchContext('e1', 5),
    'touch_execution_context',
    { context_id: 'e1', ttl_ms: 5 },
  ],
  [
    'a change of the status',
    (store) => store.updateStatus('e1', 'error', 'e'),
    'set_execution_context_status',
    { context_id: 'e1', new_status: 'error', new_error: 'e' },
  ],
  [
    'a termination',
    (store) => store.terminateContext('e1'),
    'set_execution_context_status',
    { context_id: 'e1', new_status: 'terminated', new_error: null },
  ],
];

const reads: typeof writes = [
  [
    'a look-up',
    (store) => store.getContextByPath(path),
    'execution_context_by_path',
    { of_tenant_id: 't', of_conversation_id: 'c', of_path_id: 'p' },
  ],
  [
    'a list of the expired ones',
    (store) => store.getExpiredContexts(),
    'expired_execution_contexts',
    { max_rows: 50 },
  ],
];

const isReady: (typeof writes)[number] = [
  'the question whether it is ready',
  (store) => store.isReady('e1'),
  'is_execution_context_ready',
  { context_id: 'e1' },
];

describe.each([...writes, ...reads])('%s', (_, act, name, parameters) => {
  test('is one request to one function, for the columns by name', async () => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    await act(new SupabaseExecutionContextStore(supabase));
    expect(requests).toHaveLength(1);
    const url = new URL(requests[0]!.url);
    expect(url.pathname).toBe(`/rest/v1/rpc/${name}`);
    expect(url.searchParams.get('select')).toMatch(/^id,tenant_id,.*,terminated_at$/);
    expect(await requests[0]?.json()).toEqual(parameters);
  });

  test.each([
    ['has an unknown status', { status: 'dead' }],
    ['has no expiry', { expires_at: null }],
    ['has a time that is none', { created_at: 'soon' }],
  ])('with a row that %s is an error and never an answer', async (_, changes) => {
    const { supabase } = fakeDataApi(() => json([{ ...row, ...changes }]));
    const failure = act(new SupabaseExecutionContextStore(supabase));
    await expect(failure).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });

  test('with an answer that is no list of rows is an error', async () => {
    const { supabase } = fakeDataApi(() => json('<html>'));
    const failure = act(new SupabaseExecutionContextStore(supabase));
    await expect(failure).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });
});

describe.each([...writes, ...reads, isReady])('%s', (_, act) => {
  test('that is refused throws the code of PostgREST', async () => {
    const { supabase } = fakeDataApi(() => json({ code: '42501', message: 'permission denied' }, 403));
    const failure = act(new SupabaseExecutionContextStore(supabase));
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({ sourceCode: '42501', status: 403 });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(untilAborted);
    const store = new SupabaseExecutionContextStore(supabase, { deadline: '20ms' });
    await expect(act(store)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms') as string,
    });
  });
});

test.each([...writes, ...reads.slice(0, 1)])(
  '%s with the row of another is an error (R4)',
  async (_, act) => {
    const { supabase } = fakeDataApi(() => json([{ ...row, id: 'e2', tenant_id: 'other' }]));
    const failure = act(new SupabaseExecutionContextStore(supabase));
    await expect(failure).rejects.toMatchObject({
      code: 'ROW_INVALID',
      message: expect.stringMatching(/belongs to another path or context$/) as string,
    });
  },
);

test.each(writes)('%s without an answer is not sent again, and its outcome is unknown', async (_, act) => {
  const { supabase, requests } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
  await expect(act(new SupabaseExecutionContextStore(supabase))).rejects.toThrow(/the outcome is unknown$/);
  expect(requests).toHaveLength(1);
});

test('the signal of the caller ends every read with its own reason', async () => {
  const reason = new Error('the user left');
  for (const read of [
    (store: Store, signal: AbortSignal) => store.getContextByPath(path, { signal }),
    (store: Store, signal: AbortSignal) => store.getExpiredContexts(5, { signal }),
    (store: Store, signal: AbortSignal) => store.isReady('e1', { signal }),
  ]) {
    const controller = new AbortController();
    const { supabase } = fakeDataApi((request) => {
      controller.abort(reason);
      return untilAborted(request);
    });
    await expect(read(new SupabaseExecutionContextStore(supabase), controller.signal)).rejects.toBe(reason);
  }
});

test('a create without a row is an error: there is always one', async () => {
  const { supabase } = fakeDataApi(() => json([]));
  const failure = new SupabaseExecutionContextStore(supabase).createContext(path);
  await expect(failure).rejects.toThrow('must answer a create with a row, got none');
});

test('two contexts of one path are an error', async () => {
  const { supabase } = fakeDataApi(() => json([row, row]));
  const failure = new SupabaseExecutionContextStore(supabase).getContextByPath(path);
  await expect(failure).rejects.toThrow('must answer execution_context_by_path with one row, got 2');
});

test('whether it is ready is said by the function alone', async () => {
  const { supabase } = fakeDataApi(() => json([]));
  const failure = new SupabaseExecutionContextStore(supabase).isReady('e1');
  await expect(failure).rejects.toMatchObject({ code: 'ROW_INVALID' });
});

test('columns that are null are absent, and times are Dates', async () => {
  const { supabase } = fakeDataApi(() => json([{ ...row, is_current: true }]));
  expect(await new SupabaseExecutionContextStore(supabase).getContextByPath(path)).toStrictEqual({
    ...path,
    id: 'e1',
    status: 'ready',
    createdAt: new Date('2026-01-02T03:04:05.678Z'),
    lastUsedAt: new Date('2026-01-02T03:04:06Z'),
    expiresAt: new Date('2026-01-02T03:34:06Z'),
  });
});
