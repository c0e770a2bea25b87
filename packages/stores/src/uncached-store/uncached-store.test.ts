// The factories of the stores that are never cached, on what Supabase would answer.
import { createCache } from '@tidemark/cache';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import { createConversationContextStore } from '../context/create-context-store.ts';
import { InMemoryConversationContextStore } from '../context/in-memory-context-store.ts';
import { SupabaseConversationContextStore } from '../context/supabase-context-store.ts';
import { createConversationStore } from '../conversation/create-conversation-store.ts';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { createExecutionContextStore } from '../execution/create-execution-context-store.ts';
import { InMemoryExecutionContextStore } from '../execution/in-memory-execution-context-store.ts';
import { SupabaseExecutionContextStore } from '../execution/supabase-execution-context-store.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import type { UncachedStoreOptions } from './uncached-store.ts';

const factories = [
  {
    create: createConversationContextStore,
    component: 'conversation-context-store',
    message: 'conversation context store chosen',
    known: 'supabase, schema, env, logger, memory',
    onSupabase: SupabaseConversationContextStore,
    inMemory: InMemoryConversationContextStore,
  },
  {
    create: createExecutionContextStore,
    component: 'execution-context-store',
    message: 'execution context store chosen',
    known: 'supabase, schema, env, logger',
    onSupabase: SupabaseExecutionContextStore,
    inMemory: InMemoryExecutionContextStore,
  },
];

describe.each(factories)('$create.name (#4, #7)', (factory) => {
  const { create, component, message, known, onSupabase, inMemory } = factory;
  const { supabase } = fakeDataApi(() => json([]));

  test.each<[string, UncachedStoreOptions, object, object]>([
    [
      'Supabase: on it',
      { supabase, env: { NODE_ENV: 'production' } },
      onSupabase,
      { backend: 'supabase', reason: 'never cached' },
    ],
    [
      'no Supabase, in a test: in memory',
      { env: { NODE_ENV: 'test' } },
      inMemory,
      { backend: 'memory', reason: 'no Supabase client was given, NODE_ENV=test' },
    ],
    [
      'Supabase, and memory asked for in development: in memory',
      { supabase, env: { NODE_ENV: 'development', COPILOT_CONVERSATIONS_MODE: 'memory' } },
      inMemory,
      { backend: 'memory', reason: 'COPILOT_CONVERSATIONS_MODE=memory' },
    ],
  ])('%s, and it says so', (_, options, kind, logged) => {
    const log = new RecordedLog();
    expect(create({ ...options, logger: log })).toBeInstanceOf(kind);
    const fields = { component, isCacheOn: false, ...logged };
    expect(log.lines).toEqual([{ level: 'info', message, fields }]);
  });

  test.each([
    ['no environment', { env: {} }],
    ['production', { env: { NODE_ENV: 'production' } }],
    ['a test that asks for Supabase', { env: { NODE_ENV: 'test', COPILOT_CONVERSATIONS_MODE: 'supabase' } }],
    [
      'memory asked for in production',
      { supabase, env: { NODE_ENV: 'production', COPILOT_CONVERSATIONS_MODE: 'memory' } },
    ],
  ])('refuses memory for %s', (_, options) => {
    expect(() => create(options)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
  });

  test('takes no cache, and no other name nobody knows (#16)', () => {
    const options = { supabase, cache: createCache() };
    expect(() => create(options)).toThrow(
      `${create.name} must be given known options only (${known}), got cache`,
    );
  });

  test('refuses a schema the migrations do not know', () => {
    expect(() => create({ supabase, schema: 'copilot' as 'public' })).toThrow(/^schema must be one of/);
  });
});

test('the schema that was chosen is asked', async () => {
  const { supabase, requests } = fakeDataApi(() => json([]));
  const identity = { tenantId: 't', conversationId: 'c' };
  await createConversationContextStore({ supabase, schema: 'public' }).load(identity);
  await createExecutionContextStore({ supabase, schema: 'public' }).getContextByPath({
    ...identity,
    pathId: 'p',
  });
  expect(
    requests.map(({ headers }) => headers.get('accept-profile') ?? headers.get('content-profile')),
  ).toEqual(['public', 'public']);
});

test('contexts in memory belong to the conversations in memory (#14)', async () => {
  const memory = new InMemoryConversationData();
  const env = { NODE_ENV: 'test' };
  const { conversationId } = await createConversationStore({ env, memory }).createConversation({
    tenantId: 't',
  });
  const contexts = createConversationContextStore({ env, memory });
  await contexts.save({ tenantId: 't', conversationId }, { activeNodeIds: ['a'] });
  const foreign = contexts.save({ tenantId: 'other', conversationId }, { activeNodeIds: ['a'] });
  await expect(foreign).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
});
