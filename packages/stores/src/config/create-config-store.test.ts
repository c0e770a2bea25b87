import { createCache } from '@tidemark/cache';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test, vi } from 'vitest';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { CachingConversationConfigStore } from './caching-config-store.ts';
import { createConversationConfigStore, type ConversationConfigStoreOptions } from './create-config-store.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

interface Choice {
  readonly what: string;
  readonly options: () => ConversationConfigStoreOptions;
  readonly kind: new (...parameters: never[]) => object;
  readonly logged: { readonly backend: string; readonly isCacheOn: boolean; readonly reason: string };
}

const api = (): Required<Pick<ConversationConfigStoreOptions, 'supabase'>> => ({
  supabase: fakeDataApi(() => json([])).supabase,
});

const choices: readonly Choice[] = [
  {
    what: 'Supabase and a cache: cached',
    options: () => ({ ...api(), cache: createCache(), env: { NODE_ENV: 'production' } }),
    kind: CachingConversationConfigStore,
    logged: { backend: 'cached', isCacheOn: true, reason: 'ENABLE_CONVERSATION_CONFIG_CACHE unset' },
  },
  {
    what: 'Supabase and a cache with the flag off: reads go to Supabase',
    options: () => ({ ...api(), cache: createCache(), env: { ENABLE_CONVERSATION_CONFIG_CACHE: 'off' } }),
    kind: CachingConversationConfigStore,
    logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_CONVERSATION_CONFIG_CACHE=false' },
  },
  {
    what: 'Supabase and a cache with the kill switch off: reads go to Supabase',
    options: () => ({ ...api(), cache: createCache(), env: { ENABLE_REDIS_CACHING: '0' } }),
    kind: CachingConversationConfigStore,
    logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_REDIS_CACHING=false' },
  },
  {
    what: 'Supabase alone: plain',
    options: api,
    kind: SupabaseConversationConfigStore,
    logged: { backend: 'supabase', isCacheOn: false, reason: 'no cache was given' },
  },
  {
    what: 'a cache alone, in a test: memory, which no cache may share',
    options: () => ({ cache: createCache(), env: { NODE_ENV: 'test' } }),
    kind: InMemoryConversationConfigStore,
    logged: { backend: 'memory', isCacheOn: false, reason: 'no Supabase client was given, NODE_ENV=test' },
  },
];

test.each(choices)('$what (#7)', ({ options, kind, logged }) => {
  const log = new RecordedLog();
  expect(createConversationConfigStore({ ...options(), logger: log })).toBeInstanceOf(kind);
  expect(log.lines).toContainEqual({
    level: 'info',
    message: 'conversation config store chosen',
    fields: { component: 'config-store', ...logged },
  });
  expect(JSON.stringify(log.lines)).not.toContain('a-service-key');
});

test.each([{ NODE_ENV: 'production' }, {}, undefined])(
  'memory is refused outside development and test: %j (#4)',
  (env) => {
    expect(() => createConversationConfigStore({ cache: createCache(), ...(env && { env }) })).toThrow(
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
    ['nobody', {}, 300_000],
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
