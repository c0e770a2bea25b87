// The interface of everything that keeps the contexts of conversations. The variants (in memory, Supabase) are
// interchangeable and pass one conformance suite. Never cached: a context changes with nearly every message.
import type { ReadOptions, WriteOptions } from '../store-options.ts';
import type { ContextIdentity, ConversationContext } from './context.ts';

export interface ConversationContextStore {
  /**
   * @returns null when nothing was saved or merged, or the conversation is another tenant's
   * @throws InvalidInputError, SourceError, InvalidRowError
   */
  load(identity: ContextIdentity, options?: ReadOptions): Promise<ConversationContext | null>;

  /**
   * Replaces the context as a whole: a field that is absent here is absent afterwards.
   *
   * @throws InvalidInputError before anything is sent; ConversationAccessError `CONVERSATION_NOT_FOUND` when the tenant
   *   has no such conversation; SourceError, after which the outcome may be unknown
   */
  save(identity: ContextIdentity, value: ConversationContext, options?: WriteOptions): Promise<void>;

  /**
   * Adds the ids that are not there yet, after those that are and in the order given. Merges at the same time lose
   * nothing. Without a context it makes one.
   *
   * @returns all ids after the merge
   * @throws as `save` does
   */
  mergeActiveNodeIds(
    identity: ContextIdentity,
    ids: readonly string[],
    options?: WriteOptions,
  ): Promise<readonly string[]>;
}
