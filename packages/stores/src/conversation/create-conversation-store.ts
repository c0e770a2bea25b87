// The conversation store for what is at hand: Supabase, behind the cache if that is asked for, or memory while developing.
import type { Cache } from '@tidemark/cache';
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseConversationBackend } from '../control/backend.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { switchedOnByCaller } from '../control/flags.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SupabaseSource } from '../supabase/ask-supabase.ts';
import { CachingConversationStore } from './caching-conversation-store.ts';
import type { SharedConversationStore } from './conversation-store.ts';
import type { InMemoryConversationData } from './in-memory-conversation-data.ts';
import { InMemoryConversationStore } from './in-memory-conversation-store.ts';
import { SupabaseConversationStore } from './supabase-conversation-store.ts';

export interface ConversationStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /** The client to use for the schema copilot_internal, if it is another one. */
  readonly supabaseInternal?: SupabaseSource;
  /** Of `createCache`. Used only together with Supabase: memory needs no cache and must not be shared by one. */
  readonly cache?: Cache;
  /** Default: `CONVERSATION_CACHE_TTL_SECONDS`, else 60. */
  readonly cacheTtlSeconds?: number;
  /**
   * Reads single conversations from the cache. Worth it where they are read far more often than written: every message
   * invalidates its conversation. `ENABLE_CONVERSATION_CACHING` overrides it in both directions. Default false.
   */
  readonly enableCaching?: boolean;
  /** Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
  /** For memory: the rows to share with a path store. */
  readonly memory?: InMemoryConversationData;
}

const optionNames: Readonly<Record<keyof ConversationStoreOptions, true>> = {
  supabase: true,
  supabaseInternal: true,
  cache: true,
  cacheTtlSeconds: true,
  enableCaching: true,
  env: true,
  logger: true,
  memory: true,
};

/**
 * Supabase: on it. With a cache too, every write invalidates, so that caching can be switched on and off instance by
 * instance; reads are cached when that was asked for. Without Supabase, or with `COPILOT_CONVERSATIONS_MODE=memory`: in
 * memory, in development and test only. Logs which, and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationStore(options: ConversationStoreOptions = {}): SharedConversationStore {
  refuseUnknownOptions('createConversationStore', options, optionNames);
  const { supabaseInternal, supabase = supabaseInternal, cache, logger = silentLogger } = options;
  const { mode, flags, ttls } = parseCacheControl(options.env);
  const { kind, isEnabled, reason } = chooseConversationBackend({
    factory: 'createConversationStore',
    hasSupabase: supabase !== undefined,
    hasCache: cache !== undefined,
    flag:
      options.enableCaching === true
        ? switchedOnByCaller('conversationCache', flags.conversationCache, 'enableCaching')
        : flags.conversationCache,
    mode,
  });
  logger
    .child({ component: 'conversation-store' })
    .info({ backend: kind, isCacheOn: isEnabled, reason }, 'conversation store chosen');

  if (supabase === undefined || kind === 'memory') return new InMemoryConversationStore(options.memory);
  const source = new SupabaseConversationStore(supabase, supabaseInternal);
  if (cache === undefined) return source;
  return new CachingConversationStore(source, cache, {
    ttlSeconds: options.cacheTtlSeconds ?? ttls.conversation,
    isEnabled,
  });
}
