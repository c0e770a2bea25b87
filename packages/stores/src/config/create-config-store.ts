// The conversation config store for what is at hand: Supabase behind the cache, Supabase alone, or memory while
// developing.
import type { Cache } from '@tidemark/cache';
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseBackend } from '../control/backend.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SourceSchema, SupabaseSource } from '../supabase/ask-supabase.ts';
import { CachingConversationConfigStore } from './caching-config-store.ts';
import type { ConversationConfigStore } from './config-store.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

export interface ConversationConfigStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /** Of `createCache`. Used only together with Supabase: memory needs no cache and must not be shared by one. */
  readonly cache?: Cache;
  /** Default: `CONFIG_CACHE_TTL_SECONDS`, else 300. */
  readonly cacheTtlSeconds?: number;
  /** Where `conversation_configs` is. Default `copilot_internal`. */
  readonly schema?: SourceSchema;
  /** Usually `process.env`. Without it every variable counts as unset, so that memory is refused. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
}

const optionNames: Readonly<Record<keyof ConversationConfigStoreOptions, true>> = {
  supabase: true,
  cache: true,
  cacheTtlSeconds: true,
  schema: true,
  env: true,
  logger: true,
};

/**
 * Supabase and a cache: cached. Supabase alone: plain. Neither: in memory, in development and test only. Logs which,
 * and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationConfigStore(
  options: ConversationConfigStoreOptions = {},
): ConversationConfigStore {
  refuseUnknownOptions('createConversationConfigStore', options, optionNames);
  const { supabase, cache, schema, logger = silentLogger } = options;
  const { mode, flags, ttls } = parseCacheControl(options.env ?? {});
  const { kind, isEnabled, reason } = chooseBackend({
    factory: 'createConversationConfigStore',
    hasSupabase: supabase !== undefined,
    hasCache: cache !== undefined,
    flag: flags.configCache,
    mode,
  });
  logger
    .child({ component: 'config-store' })
    .info({ backend: kind, isCacheOn: isEnabled, reason }, 'conversation config store chosen');

  if (supabase === undefined) return new InMemoryConversationConfigStore();
  const source = new SupabaseConversationConfigStore(supabase, {
    logger,
    ...(schema !== undefined && { schema }),
  });
  if (cache === undefined) return source;
  return new CachingConversationConfigStore(source, cache, {
    ttlSeconds: options.cacheTtlSeconds ?? ttls.config,
    isEnabled,
  });
}
