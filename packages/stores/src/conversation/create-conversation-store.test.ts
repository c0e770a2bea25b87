import { createCache } from '@tidemark/cache';
import { describe, expect, test, vi } from 'vitest';
import { type Choice, describeChoices } from '../testing/factory-suite.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { CachingConversationStore } from './caching-conversation-store.ts';
import { createConversationStore, type ConversationStoreOptions } from './create-conversation-store.ts';
import { InMemoryConversationData } from './in-memory-conversation-data.ts';
import { InMemoryConversationStore } from './in-memory-conversation-store.ts';
import { SupabaseConversationStore } from './supabase-conversation-store.ts';

const row = {
  id: 'c',
  tenant_id: 't',
  user_id: null,
  share_audience: 'private',
  tenant_access: 'view',
  authorization_model: 'supabase_rbac',
  jurisdictions: [],
  created_at: '2026-01-01T00:00:00.123456+00:00',
  updated_at: '2026-01-01T00:00:00.123456+00:00',
};

const api = (): Required<Pick<ConversationStoreOptions, 'supabase'>> => ({
  supabase: fakeDataApi(() => json([row])).supabase,
});

const inTest = { NODE_ENV: 'test' };

const choices: readonly Choice<ConversationStoreOptions>[] = [
  {
    what: 'Supabase and a cache: reads go to Supabase, because caching has to be asked for',
    options: () => ({ ...api(), cache: createCache(), env: { NODE_ENV: 'production' } }),
    kind: CachingConversationStore,
    logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_CONVERSATION_CACHING unset' },
  },
  {
    what: 'asked for by the option',
    options: () => ({ ...api(), cache: createCache(), enableCaching: true }),
    kind: CachingConversationStore,
    logged: { backend: 'cached', isCacheOn: true, reason: 'enableCaching' },
  },
  {
    what: 'asked for by the variable',
    options: () => ({ ...api(), cache: createCache(), env: { ENABLE_CONVERSATION_CACHING: 'on' } }),
    kind: CachingConversationStore,
    logged: { backend: 'cached', isCacheOn: true, reason: 'ENABLE_CONVERSATION_CACHING=true' },
  },
  {
    what: 'asked for by the option, and switched off by the operator',
    options: () => ({
      ...api(),
      cache: createCache(),
      enableCaching: true,
      env: { ENABLE_CONVERSATION_CACHING: '0' },
    }),
    kind: CachingConversationStore,
    logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_CONVERSATION_CACHING=false' },
  },
  {
    what: 'asked for twice, and stopped by the kill switch',
    options: () => ({
      ...api(),
      cache: createCache(),
      enableCaching: true,
      env: { ENABLE_CONVERSATION_CACHING: 'yes', ENABLE_REDIS_CACHING: 'no' },
    }),
    kind: CachingConversationStore,
    logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_REDIS_CACHING=false' },
  },
  {
    what: 'Supabase alone: plain',
    options: api,
    kind: SupabaseConversationStore,
    logged: { backend: 'supabase', isCacheOn: false, reason: 'no cache was given' },
  },
  {
    what: 'the internal client alone: plain',
    options: () => ({ supabaseInternal: api().supabase }),
    kind: SupabaseConversationStore,
    logged: { backend: 'supabase', isCacheOn: false, reason: 'no cache was given' },
  },
  {
    what: 'nothing, in a test: memory',
    options: () => ({ env: inTest }),
    kind: InMemoryConversationStore,
    logged: { backend: 'memory', isCacheOn: false, reason: 'no Supabase client was given, NODE_ENV=test' },
  },
  {
    what: 'memory that was asked for although Supabase and a cache are there',
    options: () => ({
      ...api(),
      cache: createCache(),
      enableCaching: true,
      env: { NODE_ENV: 'development', COPILOT_CONVERSATIONS_MODE: 'memory' },
    }),
    kind: InMemoryConversationStore,
    logged: { backend: 'memory', isCacheOn: false, reason: 'COPILOT_CONVERSATIONS_MODE=memory' },
  },
  {
    what: 'Supabase that was asked for in a test',
    options: () => ({ ...api(), env: { ...inTest, COPILOT_CONVERSATIONS_MODE: 'supabase' } }),
    kind: SupabaseConversationStore,
    logged: { backend: 'supabase', isCacheOn: false, reason: 'no cache was given' },
  },
];

describeChoices(
  { create: createConversationStore, component: 'conversation-store', chosen: 'conversation store' },
  choices,
);

describe('memory (#4)', () => {
  test.each(['production', 'staging', undefined])('is refused when NODE_ENV is %s', (nodeEnv) => {
    expect(() => createConversationStore({ env: { NODE_ENV: nodeEnv } })).toThrow(
      'createConversationStore needs a Supabase client outside NODE_ENV=development and test',
    );
  });

  test.each(['production', undefined])(
    'is refused when NODE_ENV is %s, also where COPILOT_CONVERSATIONS_MODE asks for it',
    (nodeEnv) => {
      const env = { NODE_ENV: nodeEnv, COPILOT_CONVERSATIONS_MODE: 'memory' };
      for (const supabase of [{}, api()]) {
        expect(() => createConversationStore({ ...supabase, env })).toThrow(
          'COPILOT_CONVERSATIONS_MODE=memory needs NODE_ENV=development or test',
        );
      }
    },
  );

  test('is refused in a test that asks for Supabase and has none', () => {
    const env = { ...inTest, COPILOT_CONVERSATIONS_MODE: 'supabase' };
    expect(() => createConversationStore({ env })).toThrow(
      'createConversationStore needs a Supabase client under COPILOT_CONVERSATIONS_MODE=supabase',
    );
  });

  test('keeps its rows where the caller says', async () => {
    const memory = new InMemoryConversationData();
    const store = createConversationStore({ env: inTest, memory });
    const { conversationId } = await store.createConversation({ tenantId: 't' });
    expect(memory.pathsOf(conversationId)).toMatchObject([{ isPrimary: true, tenantId: 't' }]);
  });
});

describe('the switch (#30)', () => {
  test.each([
    ['on', 1],
    ['off', 2],
  ])('%s: two reads cost the source %i', async (flag, reads) => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    const env = { ENABLE_CONVERSATION_CACHING: flag };
    const store = createConversationStore({ supabase, cache: createCache(), env });
    await store.getConversation({ tenantId: 't', conversationId: 'c' });
    await store.getConversation({ tenantId: 't', conversationId: 'c' });
    expect(requests).toHaveLength(reads);
  });
});

describe('the options', () => {
  test('send what is internal to the internal client', async () => {
    const outer = fakeDataApi(() => json([row]));
    const inner = fakeDataApi(() => json([row]));
    const clients = { supabase: outer.supabase, supabaseInternal: inner.supabase };
    await createConversationStore(clients).getConversation({ tenantId: 't', conversationId: 'c' });
    expect([outer.requests.length, inner.requests.length]).toEqual([0, 1]);
    expect(inner.requests[0]?.headers.get('accept-profile')).toBe('copilot_internal');
  });

  test.each([
    ['the option', { cacheTtlSeconds: 17, env: { CONVERSATION_CACHE_TTL_SECONDS: '30' } }, 17_000],
    ['the variable', { env: { CONVERSATION_CACHE_TTL_SECONDS: '30' } }, 30_000],
    ['nobody', { env: {} }, 60_000],
  ])('set the TTL when %s says so (#31)', (_, options, ttl) => {
    const cache = createCache();
    const region = vi.spyOn(cache, 'region');
    createConversationStore({ ...api(), cache, ...options });
    expect(region).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        name: 'conv:conversation',
        namespace: 'conversations',
        table: 'copilot_internal.conversations',
        ttl,
      }),
    );
  });

  test('refuse a name nobody knows', () => {
    const options = { enableCache: true, env: inTest };
    expect(() => createConversationStore(options)).toThrow(
      /^createConversationStore must be given known options only .*got enableCache$/,
    );
  });

  test('refuse a wrong variable', () => {
    expect(() =>
      createConversationStore({ env: { ...inTest, CONVERSATION_CACHE_TTL_SECONDS: '0' } }),
    ).toThrow(/^CONVERSATION_CACHE_TTL_SECONDS must be/);
  });
});
