// The branches of a conversation. A path begins at a message of its parent, inherits everything up to and including
// it, and goes on with messages of its own.
import type { ConversationMessage } from '../conversation/conversation.ts';

/** How one path's messages come into another: as one summary, all of them, or those that were chosen. */
export const mergeModes = ['summary', 'full', 'selective'] as const;

export type MergeMode = (typeof mergeModes)[number];

/** Optional fields that are not set are absent: never null, never present as undefined. */
export interface ConversationPath {
  readonly id: string;
  readonly tenantId: string;
  readonly conversationId: string;
  /** Absent with `branchPointMessageId`: the path begins empty. */
  readonly parentPathId?: string;
  /** A message that the parent holds or inherits; the last one that this path inherits. */
  readonly branchPointMessageId?: string;
  readonly name?: string;
  readonly description?: string;
  /** One path of each conversation is; it is never deleted, archived or merged into another. */
  readonly isPrimary: boolean;
  /** False: archived, by a merge or a delete. Its messages are still inherited by the paths that branched from it. */
  readonly isActive: boolean;
  /** Where its messages went; set once, because a path is merged once. */
  readonly mergedToPathId?: string;
  readonly mergedAt?: Date;
  /** The message of the target that sums this path up. */
  readonly mergeSummaryMessageId?: string;
  readonly mergeMode?: MergeMode;
  /** Its own messages, deleted ones not counted. */
  readonly messageCount: number;
  /** The active paths that branched from it. */
  readonly branchCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Messages carry their place on the path as `effectiveSequence`; where one was deleted, a number is missing. */
export interface PathResolution {
  readonly path: ConversationPath;
  /** From the path without a parent down to this one. */
  readonly lineage: readonly ConversationPath[];
  readonly messages: readonly ConversationMessage[];
}

/** A message at which other paths begin. */
export interface BranchPoint {
  readonly message: ConversationMessage;
  /** The active ones, in the order in which they were created. */
  readonly paths: readonly ConversationPath[];
}

export interface MergePreview {
  /** Of the source, in their order: what is copied, or in the mode `summary` what there is to sum up. */
  readonly messages: readonly ConversationMessage[];
  /** How many messages the target gains. */
  readonly appendedCount: number;
}

export interface MergedPath {
  /** The messages that the target gained, in their order. */
  readonly messageIds: readonly string[];
  /** The first of them, where there is a summary. */
  readonly mergeSummaryMessageId?: string;
}
