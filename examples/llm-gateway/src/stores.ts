// Everything of Tidemark that a request needs, made once: the cache, what is kept behind it, and what stands beside it.
// Supabase is the source of all of it; without Redis each instance is on its own.
import type { SupabaseClient } from '@supabase/supabase-js';
import { type Cache, createCache } from '@tidemark/cache';
import type { Logger } from '@tidemark/protocol';
import {
  type AuthValidationCache,
  type ConversationConfigStore,
  type ConversationEventHub,
  type ConversationListEventHub,
  type ConversationPathStore,
  type ConversationStore,
  createAuthValidationCache,
  createConversationConfigStore,
  createConversationEventHub,
  createConversationListEventHub,
  createConversationPathStore,
  createConversationStore,
  createPolicyStore,
  createRateLimiter,
  type Environment,
  type EnvironmentVariables,
  type LlmPolicyStore,
  openSharedRedis,
  type SharedRedisOptions,
  type RateLimiter,
  type SharedRedis,
} from '@tidemark/stores';

export interface Stores extends AsyncDisposable {
  readonly supabase: SupabaseClient;
  readonly cache: Cache;
  readonly redis: SharedRedis | undefined;
  readonly policies: LlmPolicyStore;
  readonly configs: ConversationConfigStore;
  readonly conversations: ConversationStore;
  readonly paths: ConversationPathStore;
  readonly validations: AuthValidationCache;
  readonly rateLimiter: RateLimiter;
  readonly conversationEvents: ConversationEventHub;
  readonly listEvents: ConversationListEventHub;
}

export interface StoresOptions {
  readonly supabase: SupabaseClient;
  readonly redis: Environment['redis'];
  /** Flags and TTLs. */
  readonly env: EnvironmentVariables;
  readonly logger: Logger;
  /** What the status page of the sidecar calls it; default: the beginning of its id. */
  readonly instanceName: string | undefined;
  /** Of one tenant, over all instances. */
  readonly requestsPerMinute: number;
}

export function createStores(options: StoresOptions): Stores {
  const { supabase, redis: settings, env, logger, instanceName, requestsPerMinute } = options;
  const where = redisOption(settings);
  const cache = createCache({
    logger,
    ...(where !== undefined && { redis: where }),
    ...(instanceName !== undefined && { instanceName }),
  });
  const redis = where === undefined ? undefined : openSharedRedis({ redis: where, logger });
  const beside = { env, logger, ...(redis !== undefined && { redis }) };
  const behind = { supabase, cache, env, logger };
  const conversationEvents = createConversationEventHub(beside);
  const listEvents = createConversationListEventHub(beside);
  const conversations = createConversationStore(behind);
  return {
    supabase,
    cache,
    redis,
    policies: createPolicyStore(behind),
    configs: createConversationConfigStore(behind),
    conversations,
    paths: createConversationPathStore({ supabase, env, logger, conversations }),
    validations: createAuthValidationCache({ cache, ...beside }),
    rateLimiter: createRateLimiter({ ...beside, bucket: 'gateway', limit: requestsPerMinute }),
    conversationEvents,
    listEvents,
    [Symbol.asyncDispose]: async () => {
      conversationEvents.close();
      listEvents.close();
      await cache.close();
      redis?.close();
    },
  };
}

function redisOption(settings: StoresOptions['redis']): SharedRedisOptions['redis'] | undefined {
  if (settings.kind === 'none') return undefined;
  return settings.kind === 'cluster' ? settings.option : settings.url;
}
