// What the store of contexts asks of the Data API, and the answers that a healthy one never gives; the conformance suite
// runs against a real one.
import { describe, expect, test } from 'vitest';
import { SourceError } from '../errors.ts';
import { fakeDataApi, json, untilAborted } from '../testing/fake-data-api.ts';
import { SupabaseConversationContextStore } from './supabase-context-store.ts';

const identity = { tenantId: 't', conversationId: 'c' };

const row = {
  tenant_id: 't',
  conversation_id: 'c',
  active_node_ids: ['a'],
  trace_id: null,
  root_span_name: null,
  root_span_id: null,
};

type Store = SupabaseConversationContextStore;

const writes = [
  ['a save', (store: Store) => store.save(identity, { activeNodeIds: [] })],
  ['a merge', (store: Store) => store.mergeActiveNodeIds(identity, ['a'])],
] as const;

const actions = [['a load', (store: Store) => store.load(identity)] as const, ...writes];

test('a merge is one request, to one function (#14)', async () => {
  const { supabase, requests } = fakeDataApi(() => json(['a', 'b']));
  const store = new SupabaseConversationContextStore(supabase);
  expect(await store.mergeActiveNodeIds(identity, ['b', 'b'], { updatedBy: 'u' })).toEqual(['a', 'b']);
  expect(requests).toHaveLength(1);
  expect(new URL(requests[0]!.url).pathname).toBe('/rest/v1/rpc/merge_active_node_ids');
  expect(requests[0]?.headers.get('content-profile')).toBe('copilot_internal');
  expect(await requests[0]?.json()).toEqual({
    of_tenant_id: 't',
    of_conversation_id: 'c',
    node_ids: ['b'],
    author: 'u',
  });
});

test('a save writes null where the context has no word, so that it replaces all of the row', async () => {
  const { supabase, requests } = fakeDataApi(() => json({ tenant_id: 't' }));
  await new SupabaseConversationContextStore(supabase).save(identity, { activeNodeIds: ['a', 'a'] });
  expect(await requests[0]?.json()).toEqual({ ...row, updated_by: null });
  expect(new URL(requests[0]!.url).searchParams.get('on_conflict')).toBe('tenant_id,conversation_id');
});

test('what is refused is not sent', async () => {
  const { supabase, requests } = fakeDataApi(() => json([row]));
  const store = new SupabaseConversationContextStore(supabase);
  await expect(store.load({ ...identity, tenantId: 'global' })).rejects.toThrow();
  await expect(store.save(identity, {} as never)).rejects.toThrow();
  await expect(store.mergeActiveNodeIds(identity, [''])).rejects.toThrow();
  expect(requests).toEqual([]);
});

describe.each(actions)('%s', (_, act) => {
  test('that is refused throws the code of PostgREST', async () => {
    const { supabase } = fakeDataApi(() => json({ code: 'PGRST301', message: 'JWT expired' }, 401));
    const failure = act(new SupabaseConversationContextStore(supabase));
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({ sourceCode: 'PGRST301', status: 401 });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(untilAborted);
    const store = new SupabaseConversationContextStore(supabase, { deadline: '20ms' });
    await expect(act(store)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms') as string,
    });
  });
});

test.each(writes)('%s without an answer is not sent again, and its outcome is unknown', async (_, act) => {
  const { supabase, requests } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
  await expect(act(new SupabaseConversationContextStore(supabase))).rejects.toThrow(
    /the outcome is unknown$/,
  );
  expect(requests).toHaveLength(1);
});

test('the signal of the caller ends a load with its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('the user left');
  const { supabase } = fakeDataApi((request) => {
    controller.abort(reason);
    return untilAborted(request);
  });
  const store = new SupabaseConversationContextStore(supabase);
  await expect(store.load(identity, { signal: controller.signal })).rejects.toBe(reason);
});

test.each([
  ['of another tenant', { tenant_id: 'other' }, /belongs to another conversation$/],
  ['of another conversation', { conversation_id: 'other' }, /belongs to another conversation$/],
  ['whose nodes are no list', { active_node_ids: 'a' }, /activeNodeIds must be a list, got "a"$/],
])('a row %s is an error and never an answer (R4)', async (_, changes, says) => {
  const { supabase } = fakeDataApi(() => json([{ ...row, ...changes }]));
  const failure = new SupabaseConversationContextStore(supabase).load(identity);
  await expect(failure).rejects.toMatchObject({ code: 'ROW_INVALID' });
  await expect(failure).rejects.toThrow(says);
});

test('a row of a newer release is read without the fields nobody knows here', async () => {
  const { supabase } = fakeDataApi(() => json([{ ...row, mood: 'good' }]));
  expect(await new SupabaseConversationContextStore(supabase).load(identity)).toStrictEqual({
    activeNodeIds: ['a'],
  });
});

test('an answer to a merge that is no list of ids is an error', async () => {
  const { supabase } = fakeDataApi(() => json('<html>'));
  const failure = new SupabaseConversationContextStore(supabase).mergeActiveNodeIds(identity, ['a']);
  await expect(failure).rejects.toMatchObject({ code: 'ROW_INVALID' });
});
