// The interface of everything that keeps conversations. The variants (in memory, Supabase, caching) are interchangeable
// and pass one conformance suite. Every method is told who asks, tenant and user, and applies the rules of
// reading-rule.ts: what may not be read is null or missing from a list, what may not be written is an error.
import type { ReadOptions } from '../store-options.ts';
import type {
  ConversationMessage,
  ConversationRecord,
  MessageRole,
  ShareAudience,
  TenantAccess,
} from './conversation.ts';

export interface CreateConversationInput {
  readonly tenantId: string;
  /** The owner. Absent: the conversation is anyone's in the tenant. */
  readonly userId?: string;
  /** Default `private`. */
  readonly shareAudience?: ShareAudience;
  /** Default `view`. */
  readonly tenantAccess?: TenantAccess;
  readonly title?: string;
  readonly personaId?: string;
  /** Default none. */
  readonly jurisdictions?: readonly string[];
}

export interface AppendMessageInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly content: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Who writes; kept in the message. */
  readonly userId?: string;
}

export interface SoftDeleteMessageInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly userId?: string;
}

export interface GetMessagesInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly userId?: string;
  /** 1 to 1,000. Default 100. */
  readonly limit?: number;
}

export const conversationStatuses = ['active', 'archived', 'all'] as const;

export type ConversationStatus = (typeof conversationStatuses)[number];

export interface ListConversationsInput {
  readonly tenantId: string;
  readonly userId?: string;
  /** Default `active`: those that are not archived. */
  readonly status?: ConversationStatus;
  /** 1 to 200. Default 50. */
  readonly limit?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

export interface ConversationPage {
  readonly conversations: readonly ConversationRecord[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
  readonly hasMore: boolean;
}

export interface GetConversationInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly userId?: string;
}

/** Absent: unchanged. */
export interface UpdateSharingInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly userId: string;
  readonly shareAudience?: ShareAudience;
  readonly tenantAccess?: TenantAccess;
  readonly title?: string;
}

export interface SetArchivedStateInput {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly userId: string;
  readonly archived: boolean;
}

/**
 * All methods throw InvalidInputError before anything is sent, SourceError, after which the outcome of a write may be
 * unknown, and InvalidRowError. Writes throw ConversationAccessError when the rules refuse them.
 */
export interface ConversationStore {
  /** Creates the primary path with it, in one transaction. */
  createConversation(input: CreateConversationInput): Promise<{ readonly conversationId: string }>;

  /** Puts the message at the end of the active path, else of the primary one, and moves `lastMessageAt`. */
  appendMessage(input: AppendMessageInput): Promise<{ readonly messageId: string }>;

  /** Hides the message; does nothing when it isn't there, or hidden already. */
  softDeleteMessage(input: SoftDeleteMessageInput): Promise<void>;

  /**
   * The newest messages of all paths, oldest first, without those that were deleted.
   *
   * @returns null where the conversation may not be read
   */
  getMessages(input: GetMessagesInput, options?: ReadOptions): Promise<readonly ConversationMessage[] | null>;

  /**
   * What the user may read, newest `lastMessageAt` first, those without one last. Following `nextCursor` to the end
   * shows every conversation that was there at the start. One that gets a message meanwhile jumps to the front, over
   * the pages still to come: such ones follow after the others, oldest first, and may so come twice.
   */
  listConversations(input: ListConversationsInput, options?: ReadOptions): Promise<ConversationPage>;

  /** @returns null where there is none, or where it may not be read */
  getConversation(input: GetConversationInput, options?: ReadOptions): Promise<ConversationRecord | null>;

  /** Changes who may read and write, or the title. For the owner alone. */
  updateSharing(input: UpdateSharingInput): Promise<void>;

  /** Archives the conversation, or takes it back. What is archived already keeps its `archivedAt`. For the owner alone. */
  setArchivedState(input: SetArchivedStateInput): Promise<void>;
}

/** What a cache needs to stand in front of: the rows themselves, to which it applies the reading rule at every hit. */
export interface ConversationSource extends SharedConversationStore {
  /**
   * The table as the journal names it (`schema.table`); absent when no PostgreSQL table is behind it.
   */
  readonly table?: string;

  /** The row, whoever it belongs to: for a cache, never for an answer. */
  readRow(conversationId: string, options?: ReadOptions): Promise<ConversationRecord | null>;
}

/** For stores that write rows of conversations besides the conversation store, so that no cached one survives that. */
export interface ConversationRowWriter {
  /**
   * Runs a write of the conversation's row, then drops the cached conversation everywhere, also when the write failed
   * or its outcome is unknown (R3). Where nothing is cached, it just runs it.
   */
  writeRow<T>(conversationId: string, write: () => Promise<T>): Promise<T>;
}

/** A conversation store that others who write its rows can be given. */
export interface SharedConversationStore extends ConversationStore, ConversationRowWriter {}
