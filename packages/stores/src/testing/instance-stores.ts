// The stores of an app instance in a process of its own, by the names that the tests call them. A new kind of store is
// one line here.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Cache } from '@tidemark/cache';
import type { ConversationConfigStore } from '../config/config-store.ts';
import { createConversationConfigStore } from '../config/create-config-store.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import type { ConversationStore } from '../conversation/conversation-store.ts';
import { createConversationStore } from '../conversation/create-conversation-store.ts';
import { InvalidatingConversationPathStore } from '../path/invalidating-path-store.ts';
import type { ConversationPathStore } from '../path/path-store.ts';
import { SupabaseConversationPathStore } from '../path/supabase-path-store.ts';
import { createPolicyStore } from '../policy/create-policy-store.ts';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import { createLlmRouter, type LlmRouter } from '../router/llm-router.ts';
import { openRedisParts, type RedisParts } from './redis-parts.ts';
import { RecordingProvider } from './recording-provider.ts';

export interface InstanceParts {
  readonly supabase: SupabaseClient;
  readonly cache: Cache;
  readonly redisUrl: string;
  /** The switches of this instance. */
  readonly env: EnvironmentVariables;
}

export interface InstanceStores extends RedisParts {
  readonly policies: LlmPolicyStore;
  readonly configs: ConversationConfigStore;
  readonly conversations: ConversationStore;
  readonly paths: ConversationPathStore;
  readonly router: Pick<LlmRouter, 'route'>;
}

export function openInstanceStores({ supabase, cache, redisUrl, env }: InstanceParts): InstanceStores {
  const policies = createPolicyStore({ supabase, cache, env });
  const router = createLlmRouter({
    policyStore: policies,
    providers: [new RecordingProvider('remote'), new RecordingProvider('local')],
    defaultProvider: 'remote',
    defaultModel: 'm',
  });
  const configs = createConversationConfigStore({ supabase, cache, env });
  const conversations = createConversationStore({ supabase, cache, env, enableCaching: true });
  const paths = new InvalidatingConversationPathStore(
    new SupabaseConversationPathStore(supabase),
    conversations,
  );
  return { policies, configs, conversations, paths, router, ...openRedisParts({ cache, redisUrl, env }) };
}
