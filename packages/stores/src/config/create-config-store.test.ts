import { createCache } from '@tidemark/cache';
import { describe, expect, test, vi } from 'vitest';
import { choicesOfCacheable, describeChoices } from '../testing/factory-suite.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { CachingConversationConfigStore } from './caching-config-store.ts';
import { createConversationConfigStore, type ConversationConfigStoreOptions } from './create-config-store.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

const api = (): Required<Pick<ConversationConfigStoreOptions, 'supabase'>> => ({
  supabase: fakeDataApi(() => json([])).supabase,
});

describeChoices(
  {
    create: createConversationConfigStore,
    component: 'config-store',
    chosen: 'conversation config store',
  },
  choicesOfCacheable({
    flag: 'ENABLE_CONVERSATION_CONFIG_CACHE',
    caching: CachingConversationConfigStore,
    onSupabase: SupabaseConversationConfigStore,
    inMemory: InMemoryConversationConfigStore,
  }),
);

test.each([{ NODE_ENV: 'production' }, {}])(
  'memory is refused outside development and test: %j (#4)',
  (env) => {
    expect(() => createConversationConfigStore({ cache: createCache(), env })).toThrow(
      /^createConversationConfigStore needs a Supabase client/,
    );
  },
);

test.each([
  ['on', 1],
  ['off', 2],
])('the switch %s: two reads cost the source %i', async (flag, reads) => {
  const { supabase, requests } = fakeDataApi(() => json([]));
  const env = { ENABLE_CONVERSATION_CONFIG_CACHE: flag };
  const store = createConversationConfigStore({ supabase, cache: createCache(), env });
  await store.getConfig({ tenantId: 't', userId: 'u' });
  await store.getConfig({ tenantId: 't', userId: 'u' });
  expect(requests).toHaveLength(reads);
});

describe('the options', () => {
  test('choose the schema', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    const store = createConversationConfigStore({ supabase, cache: createCache(), schema: 'public' });
    await store.getConfig({ tenantId: 't' });
    expect(requests[0]?.headers.get('accept-profile')).toBe('public');
  });

  test.each([
    ['the option', { cacheTtlSeconds: 17, env: { CONFIG_CACHE_TTL_SECONDS: '60' } }, 17_000],
    ['the variable', { env: { CONFIG_CACHE_TTL_SECONDS: '60' } }, 60_000],
    ['nobody', { env: {} }, 300_000],
  ])('set the TTL when %s says so (#31)', (_, options, ttl) => {
    const cache = createCache();
    const region = vi.spyOn(cache, 'region');
    createConversationConfigStore({ ...api(), cache, ...options });
    expect(region).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ name: 'conv:config', table: 'copilot_internal.conversation_configs', ttl }),
    );
  });

  test('refuse a name nobody knows', () => {
    const options = { supabse: 1, env: { NODE_ENV: 'test' } };
    expect(() => createConversationConfigStore(options)).toThrow(/known options only .*got supabse$/);
  });

  test('refuse a wrong variable', () => {
    const env = { NODE_ENV: 'test', CONFIG_CACHE_TTL_SECONDS: 'x' };
    expect(() => createConversationConfigStore({ env })).toThrow(/^CONFIG_CACHE_TTL_SECONDS must be/);
  });
});
