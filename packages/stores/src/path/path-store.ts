// The interface of everything that keeps the paths of conversations. The variants (in memory, Supabase, caching) are
// interchangeable and pass one conformance suite. Every method is given the tenant and never shows or changes what
// belongs to another one; who of the tenant may read a conversation is the conversation store's to say.
import type { ReadOptions } from '../store-options.ts';
import type {
  BranchPoint,
  ConversationPath,
  MergedPath,
  MergeMode,
  MergePreview,
  PathResolution,
} from './path.ts';
import type { ConversationMessage } from '../conversation/conversation.ts';

export interface ConversationOfTenant {
  readonly tenantId: string;
  readonly conversationId: string;
}

export interface PathOfTenant {
  readonly tenantId: string;
  readonly pathId: string;
}

export interface MessageOfTenant {
  readonly tenantId: string;
  readonly messageId: string;
}

export interface CreatePathInput extends ConversationOfTenant {
  /** Default: the path of the branch point. */
  readonly parentPathId?: string;
  /** Held or inherited by the parent, not deleted. Without it and without a parent the path begins empty. */
  readonly branchPointMessageId?: string;
  readonly name?: string;
  readonly description?: string;
}

export interface ListPathsInput extends ConversationOfTenant {
  /** Archived paths too. Default false. */
  readonly includeArchived?: boolean;
}

/** Absent: unchanged; null: cleared. */
export interface UpdatePathInput extends PathOfTenant {
  readonly name?: string | null;
  readonly description?: string | null;
}

export interface DeletePathInput extends PathOfTenant {
  /** Takes the path and its messages out of the database instead of archiving it. Default false. */
  readonly hardDelete?: boolean;
}

export interface SetActivePathInput extends ConversationOfTenant {
  readonly pathId: string;
}

export interface BranchFromMessageInput extends MessageOfTenant {
  /** The path on which the message is seen. Default: the one that holds it. */
  readonly parentPathId?: string;
  readonly name?: string;
  readonly description?: string;
}

export interface MergePathInput {
  readonly tenantId: string;
  readonly sourcePathId: string;
  readonly targetPathId: string;
  readonly mode: MergeMode;
  /** In the mode `selective` only: which of the source's messages, at least one. */
  readonly messageIds?: readonly string[];
  /** Becomes a message of the target, before the copies. The mode `summary` needs one. */
  readonly summary?: string;
  /** Default true. A path is merged once in either case. */
  readonly archiveSource?: boolean;
}

export interface PinMessageInput extends MessageOfTenant {
  /** Who pins; kept in `pinnedBy`. */
  readonly userId?: string;
}

/**
 * Reads answer null for what the tenant doesn't have. Writes, and the preview of one, throw then: ConversationAccessError
 * for a conversation, ConversationPathError for a path or a message, and where a rule of paths forbids the write. All
 * throw InvalidInputError before anything is sent, SourceError, after which the outcome of a write may be unknown, and
 * InvalidRowError.
 */
export interface ConversationPathStore {
  /** @throws ConversationPathError also when the branch point isn't on the parent, or the parent is archived */
  createPath(input: CreatePathInput): Promise<ConversationPath>;

  getPath(identity: PathOfTenant, options?: ReadOptions): Promise<ConversationPath | null>;

  /** In the order in which they were created. */
  listPaths(input: ListPathsInput, options?: ReadOptions): Promise<readonly ConversationPath[] | null>;

  updatePath(input: UpdatePathInput): Promise<ConversationPath>;

  /**
   * Archives the path; its branches keep what they inherit. A conversation whose active path it was is back on its
   * primary one.
   *
   * @throws ConversationPathError also for the primary path, and with `hardDelete` for a path that others branched from
   */
  deletePath(input: DeletePathInput): Promise<void>;

  /** What a reader of the path sees: the parent's messages up to and including the branch point, then its own. */
  resolvePathMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null>;

  /** The messages, with the paths that they come from. */
  getFullPathResolution(identity: PathOfTenant, options?: ReadOptions): Promise<PathResolution | null>;

  /** The one that was set, else the primary one. */
  getActivePath(identity: ConversationOfTenant, options?: ReadOptions): Promise<ConversationPath | null>;

  /** Writes the conversation. @throws ConversationPathError also for an archived path */
  setActivePath(input: SetActivePathInput): Promise<ConversationPath>;

  /** `createPath` for those who know the message only. */
  branchFromMessage(input: BranchFromMessageInput): Promise<ConversationPath>;

  /** Where active paths begin among the messages that the path resolves to, in their order. */
  getBranchPointsForPath(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly BranchPoint[] | null>;

  /**
   * Appends to the target what the source holds itself and the target doesn't show; a copy keeps all but its id, its
   * place and its time. Writes the conversation.
   *
   * @throws ConversationPathError also for a source that is primary or was merged, for an archived one of both, for
   *   paths of two conversations, and for `messageIds` that aren't there to be merged
   */
  mergePath(input: MergePathInput): Promise<MergedPath>;

  /** What `mergePath` would do; `summary` may still be missing, for whoever writes it from what this returns. */
  previewMerge(input: MergePathInput, options?: ReadOptions): Promise<MergePreview>;

  /** Does nothing for a message that is pinned: it stays as it was pinned first. */
  pinMessage(input: PinMessageInput): Promise<ConversationMessage>;

  /** Does nothing for a message that isn't pinned. */
  unpinMessage(identity: MessageOfTenant): Promise<ConversationMessage>;

  /** Of the messages that the path resolves to, in their order. */
  getPinnedMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null>;

  /** How many `getPinnedMessages` returns. */
  getPinnedCount(identity: PathOfTenant, options?: ReadOptions): Promise<number | null>;

  getPrimaryPath(identity: ConversationOfTenant, options?: ReadOptions): Promise<ConversationPath | null>;

  /** Creates the primary path where there is none, and makes it the active one where none is. Writes the conversation. */
  ensurePrimaryPath(identity: ConversationOfTenant): Promise<ConversationPath>;
}
