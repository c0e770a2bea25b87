// The answers that a healthy Data API never gives; the conformance suite runs against a real one.
import { describe, expect, test } from 'vitest';
import { SourceError } from '../errors.ts';
import { fakeDataApi, json, type FakeDataApi } from '../testing/fake-data-api.ts';
import { SupabaseConversationStore } from './supabase-conversation-store.ts';

const row = {
  id: 'c',
  tenant_id: 'acme',
  user_id: 'ann',
  share_audience: 'private',
  tenant_access: 'view',
  authorization_model: 'supabase_rbac',
  authorization_spec: null,
  jurisdictions: [],
  title: null,
  created_at: '2026-01-01T00:00:00.123456+00:00',
  updated_at: '2026-01-01T00:00:00.123456+00:00',
  last_message_at: null,
};

const message = {
  id: 'm',
  conversation_id: 'c',
  path_id: 'p',
  role: 'user',
  content: 'hello',
  metadata: null,
  created_at: '2026-01-01T00:00:00+00:00',
  sequence_in_path: 1,
  effective_sequence: 1,
  branched_to_paths: [],
  message_type: 'standard',
  is_pinned: false,
};

const ann = { tenantId: 'acme', userId: 'ann', conversationId: 'c' };

/** Answers each request for the row with it, and each call of a function with what the test says. */
function answering(answers: Readonly<Record<string, unknown>>, stored: unknown = [row]): FakeDataApi {
  return fakeDataApi((request) => {
    const name = new URL(request.url).pathname.split('/rpc/')[1];
    return json(name === undefined ? stored : (answers[name] ?? null));
  });
}

const storeOf = (api: FakeDataApi): SupabaseConversationStore => new SupabaseConversationStore(api.supabase);

const answers = {
  create_conversation: { conversationId: 'c' },
  append_message: { messageId: 'm' },
  soft_delete_message: { isDeleted: true },
  update_conversation_sharing: { conversationId: 'c' },
  set_conversation_archived: { conversationId: 'c' },
  read_conversation_messages: { conversation: row, messages: [message] },
  list_conversations: { conversations: [row], hasMoved: false },
};

const reads = [
  ['a read', (store: SupabaseConversationStore) => store.getConversation(ann)],
  ['a read of messages', (store: SupabaseConversationStore) => store.getMessages(ann)],
  [
    'a list',
    (store: SupabaseConversationStore) => store.listConversations({ tenantId: 'acme', userId: 'ann' }),
  ],
] as const;

const writes = [
  [
    'create_conversation',
    (store: SupabaseConversationStore) => store.createConversation({ tenantId: 'acme' }),
  ],
  [
    'append_message',
    (store: SupabaseConversationStore) => store.appendMessage({ ...ann, role: 'user', content: 'x' }),
  ],
  [
    'soft_delete_message',
    (store: SupabaseConversationStore) => store.softDeleteMessage({ ...ann, messageId: 'm' }),
  ],
  [
    'update_conversation_sharing',
    (store: SupabaseConversationStore) => store.updateSharing({ ...ann, title: 'x' }),
  ],
  [
    'set_conversation_archived',
    (store: SupabaseConversationStore) => store.setArchivedState({ ...ann, archived: true }),
  ],
] as const;

describe('a request', () => {
  test.each([...reads, ...writes])('%s names its schema and succeeds', async (_, act) => {
    const api = answering(answers);
    await act(storeOf(api));
    for (const request of api.requests) {
      const profile = request.method === 'GET' ? 'accept-profile' : 'content-profile';
      expect(request.headers.get(profile)).toBe('copilot_internal');
      expect(new URL(request.url).pathname).toMatch(/^\/rest\/v1\/(?:rpc\/[a-z_]+|conversations)$/);
    }
  });

  test.each(writes.slice(1))('%s sends the facts it was decided on, and who writes', async (name, act) => {
    const api = answering(answers);
    await act(storeOf(api));
    const call = api.requests.find((request) => request.url.endsWith(name));
    const parameters = (await call?.json()) as { facts: object; conversation_id: string };
    expect(parameters.conversation_id).toBe('c');
    expect(parameters.facts).toEqual({
      tenantId: 'acme',
      userId: 'ann',
      shareAudience: 'private',
      tenantAccess: 'view',
      authorizationModel: 'supabase_rbac',
      fallbackShareAudience: null,
    });
  });

  test('for a refused write is not sent (#12)', async () => {
    for (const [name, act] of writes.slice(1)) {
      const api = answering(answers, [{ ...row, user_id: 'bob' }]);
      await expect(act(storeOf(api))).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
      expect(api.requests.filter((request) => request.url.includes(name))).toEqual([]);
    }
  });
});

describe('a write whose facts have changed meanwhile', () => {
  test('is decided again on what is there now (#12)', async () => {
    let audience = 'tenant';
    const shared = (): object => ({
      ...row,
      user_id: 'bob',
      tenant_access: 'edit',
      share_audience: audience,
    });
    const api = fakeDataApi((request) => {
      if (!request.url.includes('/rpc/')) return json([shared()]);
      // Withdrawn between the decision and the write.
      audience = 'private';
      return json(null);
    });
    const append = storeOf(api).appendMessage({ ...ann, role: 'user', content: 'x' });
    await expect(append).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(api.requests.filter((request) => request.url.includes('/rpc/'))).toHaveLength(1);
  });

  test('is sent again when it is still allowed', async () => {
    const api = fakeDataApi((request) => {
      if (!request.url.includes('/rpc/')) return json([row]);
      return json(api.requests.length < 4 ? null : { messageId: 'm' });
    });
    const append = storeOf(api).appendMessage({ ...ann, role: 'user', content: 'x' });
    expect(await append).toEqual({ messageId: 'm' });
    expect(api.requests).toHaveLength(4);
  });

  test('is given up when that never ends', async () => {
    const api = answering({});
    const failure = storeOf(api).updateSharing({ ...ann, title: 'x' });
    await expect(failure).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message:
        'the write of copilot_internal.conversations of "c" failed: who may write it changed 5 times meanwhile',
    });
    expect(api.requests).toHaveLength(10);
  });
});

describe.each([...reads, ...writes])('%s', (_, act) => {
  test.each([
    [401, 'PGRST301'],
    [404, 'PGRST202'],
    [503, 'PGRST002'],
  ])('that is answered with %i throws the code of PostgREST', async (status, code) => {
    const body = { code, message: 'no', details: null, hint: null };
    const failure = act(storeOf(fakeDataApi(() => json(body, status))));
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({ code: 'SOURCE_FAILED', sourceCode: code, status });
  });

  test('that is answered with an empty 404 fails, although supabase-js shows it as success', async () => {
    const { supabase } = fakeDataApi(() => new Response('', { status: 404 }));
    await expect(act(new SupabaseConversationStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(
      (request) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
        }),
    );
    const store = new SupabaseConversationStore(supabase, supabase, { deadline: '20ms' });
    await expect(act(store)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms'),
    });
  });
});

test.each(writes)(
  '%s that reaches nobody is not sent twice, and its outcome is unknown',
  async (name, act) => {
    const api = fakeDataApi((request) =>
      request.url.includes('/rpc/') ? Promise.reject(new TypeError('fetch failed')) : json([row]),
    );
    await expect(act(storeOf(api))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('the outcome is unknown'),
    });
    expect(api.requests.filter((request) => request.url.endsWith(name))).toHaveLength(1);
  },
);

describe('the signal of the caller', () => {
  test.each([
    [
      'a read',
      (store: SupabaseConversationStore, signal: AbortSignal) => store.getConversation(ann, { signal }),
    ],
    [
      'a read of messages',
      (store: SupabaseConversationStore, signal: AbortSignal) => store.getMessages(ann, { signal }),
    ],
    [
      'a list',
      (store: SupabaseConversationStore, signal: AbortSignal) =>
        store.listConversations({ tenantId: 'acme' }, { signal }),
    ],
  ])('ends %s before it is sent', async (_, act) => {
    const api = answering(answers);
    await expect(act(storeOf(api), AbortSignal.abort(new Error('the user left')))).rejects.toThrow(
      'the user left',
    );
    expect(api.requests).toEqual([]);
  });
});

describe('an answer', () => {
  const refusal = { code: 'ROW_INVALID' };

  test('with another conversation than the one asked for is an error (R4)', async () => {
    const other = { ...row, id: 'other' };
    const api = answering({ read_conversation_messages: { conversation: other, messages: [] } }, [other]);
    await expect(storeOf(api).getConversation(ann)).rejects.toMatchObject(refusal);
    await expect(storeOf(api).getMessages(ann)).rejects.toMatchObject(refusal);
  });

  test('with what is not for the caller is not shown, whatever sent it (R4, #12)', async () => {
    const rows = [row, { ...row, tenant_id: 'umbrella' }, { ...row, user_id: 'bob' }];
    const api = answering({
      list_conversations: { conversations: rows, hasMoved: false },
      read_conversation_messages: { conversation: { ...row, tenant_id: 'umbrella' }, messages: [message] },
    });
    const { conversations } = await storeOf(api).listConversations({ tenantId: 'acme', userId: 'ann' });
    expect(conversations).toHaveLength(1);
    expect(await storeOf(api).getMessages(ann)).toBeNull();
  });

  test.each<[string, object]>([
    ['an unknown audience', { share_audience: 'world' }],
    ['no audience', { share_audience: null }],
    ['an unknown model', { authorization_model: 'none' }],
    ['a fallback nobody knows', { authorization_spec: { fallbackShareAudience: 'world' } }],
    ['no time of creation', { created_at: null }],
    ['a time that is none', { updated_at: 'yesterday' }],
  ])('with %s fails the read instead of being guessed at', async (_, changes) => {
    const broken = { ...row, ...changes };
    const api = answering(
      {
        list_conversations: { conversations: [broken] },
        read_conversation_messages: { conversation: broken, messages: [] },
      },
      [broken],
    );
    for (const [, act] of reads) await expect(act(storeOf(api))).rejects.toMatchObject(refusal);
  });

  test.each<[string, object]>([
    ['an unknown role', { role: 'tool' }],
    ['no path', { path_id: null }],
    ['no list of branches', { branched_to_paths: null }],
    ['half a number', { sequence_in_path: 0.5 }],
  ])('with a message of %s fails the read', async (_, changes) => {
    const broken = { conversation: row, messages: [{ ...message, ...changes }] };
    const api = answering({ read_conversation_messages: broken });
    await expect(storeOf(api).getMessages(ann)).rejects.toMatchObject(refusal);
  });

  test('keeps null inside of metadata and of a spec, where it is a value', async () => {
    const spec = { store: null };
    const api = answering(
      {
        read_conversation_messages: {
          conversation: row,
          messages: [{ ...message, metadata: { a: [null], b: null } }],
        },
      },
      [{ ...row, authorization_spec: spec }],
    );
    expect((await storeOf(api).getConversation(ann))?.authorizationSpec).toStrictEqual(spec);
    expect((await storeOf(api).getMessages(ann))?.[0]?.metadata).toStrictEqual({ a: [null], b: null });
  });

  test.each(['<html>', [], {}, { messageId: 3 }])('of %j to a write is an error', async (answer) => {
    const api = answering({ append_message: answer });
    await expect(storeOf(api).appendMessage({ ...ann, role: 'user', content: 'x' })).rejects.toMatchObject(
      refusal,
    );
  });
});
