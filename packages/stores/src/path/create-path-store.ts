// The path store for what is at hand: Supabase, or memory while developing. It goes together with a conversation store,
// whose cached conversations it must not let grow old.
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseConversationBackend } from '../control/backend.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import type { ConversationRowWriter } from '../conversation/conversation-store.ts';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SupabaseSource } from '../supabase/ask-supabase.ts';
import { InMemoryConversationPathStore } from './in-memory-path-store.ts';
import { InvalidatingConversationPathStore } from './invalidating-path-store.ts';
import type { ConversationPathStore } from './path-store.ts';
import { SupabaseConversationPathStore } from './supabase-path-store.ts';

export interface ConversationPathStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /** The client to use for the schema copilot_internal, if it is another one. */
  readonly supabaseInternal?: SupabaseSource;
  /**
   * Of `createConversationStore`, with the same cache as everywhere in the process. Writes of the active path are told
   * through it. Without it, cached conversations hear of them from the journal only.
   */
  readonly conversations?: ConversationRowWriter;
  /** Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
  /** For memory: the rows to share with a conversation store. */
  readonly memory?: InMemoryConversationData;
}

const optionNames: Readonly<Record<keyof ConversationPathStoreOptions, true>> = {
  supabase: true,
  supabaseInternal: true,
  conversations: true,
  env: true,
  logger: true,
  memory: true,
};

/**
 * Supabase: on it. Without it, or with `COPILOT_CONVERSATIONS_MODE=memory`: in memory, in development and test only.
 * Paths themselves are never cached. Logs which, and why.
 *
 * @throws EnvironmentError for a wrong variable, or when memory isn't allowed; InvalidInputError for a wrong option
 */
export function createConversationPathStore(
  options: ConversationPathStoreOptions = {},
): ConversationPathStore {
  refuseUnknownOptions('createConversationPathStore', options, optionNames);
  const { supabase, supabaseInternal = supabase, conversations, logger = silentLogger } = options;
  const { mode, flags } = parseCacheControl(options.env);
  const { kind, reason } = chooseConversationBackend({
    factory: 'createConversationPathStore',
    hasSupabase: supabaseInternal !== undefined,
    hasCache: false,
    flag: flags.conversationCache,
    mode,
  });
  const isInMemory = supabaseInternal === undefined || kind === 'memory';
  logger
    .child({ component: 'path-store' })
    .info(
      { backend: kind, ...(isInMemory && { reason }), tellsConversations: conversations !== undefined },
      'path store chosen',
    );

  if (isInMemory) return new InMemoryConversationPathStore(options.memory ?? new InMemoryConversationData());
  const source = new SupabaseConversationPathStore(supabaseInternal);
  return conversations === undefined ? source : new InvalidatingConversationPathStore(source, conversations);
}
