// The policy store for what is at hand: Supabase behind the cache, Supabase alone, or memory while developing.
import type { Cache } from '@tidemark/cache';
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseBackend } from '../control/backend.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SourceSchema, SupabaseSource } from '../supabase/ask-supabase.ts';
import { CachingPolicyStore } from './caching-policy-store.ts';
import { InMemoryPolicyStore } from './in-memory-policy-store.ts';
import type { LlmPolicyStore } from './policy-store.ts';
import { SupabasePolicyStore } from './supabase-policy-store.ts';

export interface PolicyStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /** Of `createCache`. Used only together with Supabase: memory needs no cache and must not be shared by one. */
  readonly cache?: Cache;
  /** Default: `POLICY_CACHE_TTL_SECONDS`, else 300. */
  readonly cacheTtlSeconds?: number;
  /** Where `tenant_llm_policies` is. Default `copilot_internal`. */
  readonly schema?: SourceSchema;
  /** Usually `process.env`. Without it every variable counts as unset, so that memory is refused. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
}

const optionNames: Readonly<Record<keyof PolicyStoreOptions, true>> = {
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
export function createPolicyStore(options: PolicyStoreOptions = {}): LlmPolicyStore {
  refuseUnknownOptions('createPolicyStore', options, optionNames);
  const { supabase, cache, schema, logger = silentLogger } = options;
  const { mode, flags, ttls } = parseCacheControl(options.env ?? {});
  const backend = chooseBackend({
    factory: 'createPolicyStore',
    hasSupabase: supabase !== undefined,
    hasCache: cache !== undefined,
    flag: flags.policyCache,
    mode,
  });
  const { kind, isEnabled, reason } = backend;
  logger
    .child({ component: 'policy-store' })
    .info({ backend: kind, isCacheOn: isEnabled, reason }, 'policy store chosen');

  if (supabase === undefined) return new InMemoryPolicyStore();
  const source = new SupabasePolicyStore(supabase, { logger, ...(schema !== undefined && { schema }) });
  if (cache === undefined) return source;
  return new CachingPolicyStore(source, cache, {
    ttlSeconds: options.cacheTtlSeconds ?? ttls.policy,
    isEnabled,
  });
}
