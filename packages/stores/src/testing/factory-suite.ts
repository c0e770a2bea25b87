// What every factory of stores is tried by: which store it makes of what it is given, and what it logs of it.
import type { Logger } from '@tidemark/protocol';
import { createCache } from '@tidemark/cache';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { expect, test } from 'vitest';
import type { CacheableStoreOptions } from '../cached-store/create-cacheable-store.ts';
import { fakeDataApi, json } from './fake-data-api.ts';

type Kind = new (...parameters: never[]) => object;

export interface Choice<Options> {
  readonly what: string;
  readonly options: () => Options;
  readonly kind: Kind;
  readonly logged: object;
}

export interface FactoryUnderTest<Options> {
  readonly create: (options: Options & { readonly logger: Logger }) => object;
  readonly component: string;
  /** What was chosen, as the log has it. */
  readonly chosen: string;
}

export function describeChoices<Options extends object>(
  { create, component, chosen }: FactoryUnderTest<Options>,
  choices: readonly Choice<Options>[],
): void {
  test.each(choices)('$what (#7)', ({ options, kind, logged }) => {
    const log = new RecordedLog();
    expect(create({ ...options(), logger: log })).toBeInstanceOf(kind);
    expect(log.lines).toContainEqual({
      level: 'info',
      message: `${chosen} chosen`,
      fields: { component, ...logged },
    });
    expect(JSON.stringify(log.lines)).not.toContain('a-service-key');
  });
}

export interface CacheableKinds {
  /** The variable that switches the cache. */
  readonly flag: string;
  readonly caching: Kind;
  readonly onSupabase: Kind;
  readonly inMemory: Kind;
}

/** Of a store that is cached unless somebody says otherwise. */
export function choicesOfCacheable({
  flag,
  caching,
  onSupabase,
  inMemory,
}: CacheableKinds): readonly Choice<CacheableStoreOptions>[] {
  const api = (): CacheableStoreOptions => ({ supabase: fakeDataApi(() => json([])).supabase });
  const whole = (env: Record<string, string>) => (): CacheableStoreOptions => ({
    ...api(),
    cache: createCache(),
    env,
  });
  return [
    {
      what: 'Supabase and a cache: cached',
      options: whole({ NODE_ENV: 'production' }),
      kind: caching,
      logged: { backend: 'cached', isCacheOn: true, reason: `${flag} unset` },
    },
    {
      what: 'Supabase and a cache with the flag off: reads go to Supabase',
      options: whole({ [flag]: 'off' }),
      kind: caching,
      logged: { backend: 'cached', isCacheOn: false, reason: `${flag}=false` },
    },
    {
      what: 'Supabase and a cache with the kill switch off: reads go to Supabase',
      options: whole({ ENABLE_REDIS_CACHING: '0' }),
      kind: caching,
      logged: { backend: 'cached', isCacheOn: false, reason: 'ENABLE_REDIS_CACHING=false' },
    },
    {
      what: 'Supabase alone: plain',
      options: api,
      kind: onSupabase,
      logged: { backend: 'supabase', isCacheOn: false, reason: 'no cache was given' },
    },
    {
      what: 'nothing, in a test: memory',
      options: () => ({ env: { NODE_ENV: 'test' } }),
      kind: inMemory,
      logged: { backend: 'memory', isCacheOn: false, reason: 'no Supabase client was given, NODE_ENV=test' },
    },
    {
      what: 'a cache alone, in development: memory, which no cache may share',
      options: () => ({ cache: createCache(), env: { NODE_ENV: 'development' } }),
      kind: inMemory,
      logged: {
        backend: 'memory',
        isCacheOn: false,
        reason: 'no Supabase client was given, NODE_ENV=development',
      },
    },
  ];
}
