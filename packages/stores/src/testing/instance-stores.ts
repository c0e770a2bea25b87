// The stores of an app instance in a process of its own, by the names that the tests call them. A new kind of store is
// one line here.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Cache } from '@tidemark/cache';
import { CachingPolicyStore } from '../policy/caching-policy-store.ts';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import { SupabasePolicyStore } from '../policy/supabase-policy-store.ts';
import { createLlmRouter, type LlmRouter } from '../router/llm-router.ts';
import { RecordingProvider } from './recording-provider.ts';

export interface InstanceStores {
  readonly policies: LlmPolicyStore;
  readonly router: Pick<LlmRouter, 'route'>;
}

export function openInstanceStores(supabase: SupabaseClient, cache: Cache): InstanceStores {
  const policies = new CachingPolicyStore(new SupabasePolicyStore(supabase), cache);
  const router = createLlmRouter({
    policyStore: policies,
    providers: [new RecordingProvider('remote'), new RecordingProvider('local')],
    defaultProvider: 'remote',
    defaultModel: 'm',
  });
  return { policies, router };
}
