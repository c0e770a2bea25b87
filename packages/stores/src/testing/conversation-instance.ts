// One app instance on the local stack with a store of conversations, and somebody who changes rows past all stores.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Cache } from '@tidemark/cache';
import type { Client } from 'pg';
import { CachingConversationStore } from '../conversation/caching-conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';
import { SupabaseConversationStore } from '../conversation/supabase-conversation-store.ts';
import {
  connectSupabase,
  openInstanceCache,
  type PolicyInstanceOptions,
  type StackAddress,
} from './policy-instance.ts';

export interface ConversationInstance extends AsyncDisposable {
  readonly supabase: SupabaseClient;
  readonly cache: Cache;
  readonly source: SupabaseConversationStore;
  readonly store: CachingConversationStore;
}

export function startConversationInstance(
  address: StackAddress,
  { hasEngine = true, ...options }: PolicyInstanceOptions = {},
): ConversationInstance {
  const supabase = connectSupabase(address, address.serviceRoleKey);
  const cache = openInstanceCache(address, supabase, hasEngine);
  const source = new SupabaseConversationStore(supabase);
  const store = new CachingConversationStore(source, cache, options);
  return { supabase, cache, source, store, [Symbol.asyncDispose]: () => cache.close() };
}

/** Changes the columns of the fields that are given. */
export async function plantConversation(
  database: Client,
  conversationId: string,
  changes: Partial<ConversationRecord>,
): Promise<void> {
  await database.query(
    `update copilot_internal.conversations set
       share_audience = coalesce($2, share_audience),
       tenant_access = coalesce($3, tenant_access),
       authorization_model = coalesce($4, authorization_model),
       authorization_spec = coalesce($5, authorization_spec),
       last_message_at = coalesce($6, last_message_at),
       trace_id = coalesce($7, trace_id)
     where id = $1`,
    [
      conversationId,
      changes.shareAudience,
      changes.tenantAccess,
      changes.authorizationModel,
      changes.authorizationSpec,
      changes.lastMessageAt,
      changes.traceId,
    ],
  );
}
