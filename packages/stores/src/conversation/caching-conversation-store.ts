// Conversations behind the cache: a decorator over any store that hands out its rows. One conversation read by its id is
// cached, as its row: the reading rule is applied to every hit, so that a withdrawn sharing, another user or another
// tenant meets the same answer warm and cold. Messages and lists are never cached. Every write of a row goes to the
// backing store first and is then told to every instance, also when its outcome is unknown (R3).
import type { Cache } from '@tidemark/cache';
import { createCachedStore, type CachedStore, type CachingOptions } from '../cached-store/cached-store.ts';
import { ttlRules } from '../control/ttls.ts';
import type { ReadOptions } from '../store-options.ts';
import { parseAppend, parseArchived, parseGet, parseSharing, parseSoftDelete } from './conversation-input.ts';
import { conversationSchema } from './conversation-schema.ts';
import type {
  AppendMessageInput,
  ConversationPage,
  ConversationSource,
  CreateConversationInput,
  GetConversationInput,
  GetMessagesInput,
  ListConversationsInput,
  SetArchivedStateInput,
  SharedConversationStore,
  SoftDeleteMessageInput,
  UpdateSharingInput,
} from './conversation-store.ts';
import type { ConversationMessage, ConversationRecord } from './conversation.ts';
import { mayRead } from './reading-rule.ts';

/** Keys are `copilot:conv:conversation:{conversationId}` under the cache's default prefix. */
export const conversationKeyPrefix = 'conv:conversation';

/** Conversations change with every message: their head and log are not the ones that policies wait for. */
const conversationNamespace = 'conversations';

export class CachingConversationStore implements SharedConversationStore {
  readonly #backing: ConversationSource;
  readonly #conversations: CachedStore<ConversationRecord>;

  /** @param options `ttlSeconds` defaults to 60 */
  constructor(backing: ConversationSource, cache: Cache, options: CachingOptions = {}) {
    this.#backing = backing;
    this.#conversations = createCachedStore<ConversationRecord>(
      cache,
      {
        keyPrefix: conversationKeyPrefix,
        ttlSeconds: ttlRules.conversation.defaultSeconds,
        namespace: conversationNamespace,
        table: backing.table,
        schema: conversationSchema,
        load: (conversationId, { signal }) => backing.readRow(conversationId, { signal }),
      },
      options,
    );
  }

  /** The conversation is frozen: other readers share it. */
  async getConversation(
    input: GetConversationInput,
    options?: ReadOptions,
  ): Promise<ConversationRecord | null> {
    const { conversationId, ...caller } = parseGet(input);
    const conversation = await this.#conversations.get(conversationId, options);
    return conversation !== null && mayRead(conversation, caller) ? conversation : null;
  }

  /** Its id is new: no entry can be about it. */
  async createConversation(input: CreateConversationInput): Promise<{ readonly conversationId: string }> {
    return this.#backing.createConversation(input);
  }

  async appendMessage(input: AppendMessageInput): Promise<{ readonly messageId: string }> {
    const parsed = parseAppend(input);
    return this.writeRow(parsed.conversationId, () => this.#backing.appendMessage(parsed));
  }

  async softDeleteMessage(input: SoftDeleteMessageInput): Promise<void> {
    const parsed = parseSoftDelete(input);
    return this.writeRow(parsed.conversationId, () => this.#backing.softDeleteMessage(parsed));
  }

  async updateSharing(input: UpdateSharingInput): Promise<void> {
    const parsed = parseSharing(input);
    return this.writeRow(parsed.conversationId, () => this.#backing.updateSharing(parsed));
  }

  async setArchivedState(input: SetArchivedStateInput): Promise<void> {
    const parsed = parseArchived(input);
    return this.writeRow(parsed.conversationId, () => this.#backing.setArchivedState(parsed));
  }

  getMessages(
    input: GetMessagesInput,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null> {
    return this.#backing.getMessages(input, options);
  }

  listConversations(input: ListConversationsInput, options?: ReadOptions): Promise<ConversationPage> {
    return this.#backing.listConversations(input, options);
  }

  writeRow<T>(conversationId: string, write: () => Promise<T>): Promise<T> {
    return this.#conversations.write(conversationId, write);
  }
}
