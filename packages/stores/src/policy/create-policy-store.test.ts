import { createCache } from '@tidemark/cache';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { choicesOfCacheable, describeChoices } from '../testing/factory-suite.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { CachingPolicyStore } from './caching-policy-store.ts';
import { createPolicyStore } from './create-policy-store.ts';
import { InMemoryPolicyStore } from './in-memory-policy-store.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

const row = {
  tenant_id: 't',
  default_model: 'm',
  default_provider: 'p',
  allow_remote_egress: true,
  egress_mode: null,
  allow_off_mode: null,
  tasks: [],
  user_policies: null,
};

describeChoices(
  { create: createPolicyStore, component: 'policy-store', chosen: 'policy store' },
  choicesOfCacheable({
    flag: 'ENABLE_LLM_POLICY_CACHE',
    caching: CachingPolicyStore,
    onSupabase: SupabasePolicyStore,
    inMemory: InMemoryPolicyStore,
  }),
);

test('a logger of pino will do', () => {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) });
  createPolicyStore({ env: { NODE_ENV: 'test' }, logger });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      level: 30,
      component: 'policy-store',
      backend: 'memory',
      isCacheOn: false,
      reason: 'no Supabase client was given, NODE_ENV=test',
      msg: 'policy store chosen',
    },
  ]);
});

describe('without Supabase (#4)', () => {
  test.each(['production', 'staging', 'DEVELOPMENT', undefined])(
    'memory is refused when NODE_ENV is %s',
    (nodeEnv) => {
      const create = (): unknown => createPolicyStore({ env: { NODE_ENV: nodeEnv } });
      expect(create).toThrow(
        'createPolicyStore needs a Supabase client outside NODE_ENV=development and test ' +
          `(${nodeEnv === undefined ? 'NODE_ENV unset' : `NODE_ENV=${nodeEnv}`}): ` +
          'set SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, and pass the client as supabase',
      );
    },
  );

  test('memory is refused when no environment is given', () => {
    expect(() => createPolicyStore({ env: {} })).toThrow(/NODE_ENV unset/);
  });

  test('a cache does not make memory allowed', () => {
    expect(() => createPolicyStore({ cache: createCache(), env: {} })).toThrow(/needs a Supabase client/);
  });
});

describe('the switch (#30)', () => {
  test.each([
    ['on', 1],
    ['off', 2],
  ])('%s: two reads cost the source %i', async (flag, reads) => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    const store = createPolicyStore({
      supabase,
      cache: createCache(),
      env: { ENABLE_LLM_POLICY_CACHE: flag },
    });
    await store.getPolicy('t');
    await store.getPolicy('t');
    expect(requests).toHaveLength(reads);
  });
});

describe('the options (#7)', () => {
  test('choose the schema', async () => {
    const { supabase, requests } = fakeDataApi(() => json([row]));
    const store = createPolicyStore({ supabase, cache: createCache(), schema: 'public' });
    await store.getPolicy('t');
    expect(requests[0]?.headers.get('accept-profile')).toBe('public');
    expect(store.table).toBe('public.tenant_llm_policies');
  });

  test.each([
    ['the option', { cacheTtlSeconds: 17, env: { POLICY_CACHE_TTL_SECONDS: '60' } }, 17_000],
    ['the variable', { env: { POLICY_CACHE_TTL_SECONDS: '60' } }, 60_000],
    ['nobody', { env: {} }, 300_000],
  ])('set the TTL when %s says so', (_, options, ttl) => {
    const cache = createCache();
    const region = vi.spyOn(cache, 'region');
    createPolicyStore({ supabase: fakeDataApi(() => json([row])).supabase, cache, ...options });
    expect(region).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ name: 'llm:policy', table: 'copilot_internal.tenant_llm_policies', ttl }),
    );
  });

  test('refuse a name nobody knows', () => {
    const options = { supabse: 1, env: { NODE_ENV: 'test' } };
    expect(() => createPolicyStore(options)).toThrow(
      /^createPolicyStore must be given known options only .*got supabse$/,
    );
  });

  test('refuse a wrong variable', () => {
    expect(() => createPolicyStore({ env: { NODE_ENV: 'test', POLICY_CACHE_TTL_SECONDS: 'x' } })).toThrow(
      /^POLICY_CACHE_TTL_SECONDS must be/,
    );
  });
});
