// The choice between a cached store, Supabase and memory, for kinds that are cached unless somebody says otherwise. Owns
// the options of their factories and the line in the log; what the stores are is the business of their folders.
import type { Cache } from '@tidemark/cache';
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseBackend } from '../control/backend.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { FlagName } from '../control/flags.ts';
import type { TtlName } from '../control/ttls.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SourceSchema, SupabaseSource, SupabaseTableOptions } from '../supabase/ask-supabase.ts';
import type { CachingOptions } from './cached-store.ts';

export interface CacheableStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /** Of `createCache`. Used only together with Supabase: memory needs no cache and must not be shared by one. */
  readonly cache?: Cache;
  /** Default: what the variable of the kind says, else 300. */
  readonly cacheTtlSeconds?: number;
  /** Where the table is. Default `copilot_internal`, as the migrations have it; in `public` it is the caller's own. */
  readonly schema?: SourceSchema;
  /** Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
}

export interface CacheableStoreDefinition<Store, Source extends Store> {
  /** The factory, for errors. */
  readonly factory: string;
  /** For the log. */
  readonly component: string;
  /** What was chosen, for the log. */
  readonly what: string;
  readonly flag: FlagName;
  readonly ttl: TtlName;
  readonly onSupabase: (
    supabase: SupabaseSource,
    options: SupabaseTableOptions & { readonly logger: Logger },
  ) => Source;
  readonly caching: (source: Source, cache: Cache, options: CachingOptions) => Store;
  readonly inMemory: () => Store;
}

const optionNames: Readonly<Record<keyof CacheableStoreOptions, true>> = {
  supabase: true,
  cache: true,
  cacheTtlSeconds: true,
  schema: true,
  env: true,
  logger: true,
};

/** @throws EnvironmentError, InvalidInputError */
export function createCacheableStore<Store, Source extends Store>(
  definition: CacheableStoreDefinition<Store, Source>,
  options: CacheableStoreOptions,
): Store {
  const { factory, component, what, flag, ttl } = definition;
  refuseUnknownOptions(factory, options, optionNames);
  const { supabase, cache, schema, logger = silentLogger } = options;
  const { mode, flags, ttls } = parseCacheControl(options.env);
  const { kind, isEnabled, reason } = chooseBackend({
    factory,
    hasSupabase: supabase !== undefined,
    hasCache: cache !== undefined,
    flag: flags[flag],
    mode,
  });
  logger.child({ component }).info({ backend: kind, isCacheOn: isEnabled, reason }, `${what} chosen`);

  if (supabase === undefined) return definition.inMemory();
  const source = definition.onSupabase(supabase, { logger, ...(schema !== undefined && { schema }) });
  if (cache === undefined) return source;
  return definition.caching(source, cache, {
    ttlSeconds: options.cacheTtlSeconds ?? ttls[ttl],
    isEnabled,
  });
}
