// A conversation and its messages, as every store knows them. Optional fields that are not set are absent: never null,
// never present as undefined.

/** One list for the type, the CHECK in SQL and the check of what callers give. */
export const shareAudiences = ['private', 'tenant', 'public'] as const;

/** Who may read: its owner, or everybody in its tenant. */
export type ShareAudience = (typeof shareAudiences)[number];

export const tenantAccesses = ['view', 'edit'] as const;

/** What an audience `tenant` may do: read, or write too. */
export type TenantAccess = (typeof tenantAccesses)[number];

export const authorizationModels = ['supabase_rbac', 'openfga'] as const;

/** Who decides about access: `shareAudience`, or a service of its own, for which the spec names a fallback. */
export type AuthorizationModel = (typeof authorizationModels)[number];

export interface AuthorizationSpec {
  /** Counts in place of `shareAudience` where the model is not ours. Absent counts as private. */
  readonly fallbackShareAudience?: ShareAudience;
  readonly [field: string]: unknown;
}

export interface ConversationRecord {
  readonly id: string;
  readonly tenantId: string;
  /** The owner. Absent: anyone in the tenant. */
  readonly userId?: string;
  readonly traceId?: string;
  readonly rootSpanName?: string;
  readonly rootSpanId?: string;
  readonly shareAudience: ShareAudience;
  readonly tenantAccess: TenantAccess;
  readonly authorizationModel: AuthorizationModel;
  readonly authorizationSpec?: AuthorizationSpec;
  readonly personaId?: string;
  readonly jurisdictions: readonly string[];
  readonly title?: string;
  /** Where messages are appended. Absent: to the primary path. */
  readonly activePathId?: string;
  readonly archivedAt?: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastMessageAt?: Date;
}

export const messageRoles = ['user', 'assistant', 'system'] as const;

export type MessageRole = (typeof messageRoles)[number];

export const messageTypes = ['standard', 'merge_summary', 'branch_point', 'system'] as const;

export type MessageType = (typeof messageTypes)[number];

export interface ConversationMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly content: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Who wrote it, where a person did. */
  readonly userId?: string;
  readonly createdAt: Date;
  readonly deletedAt?: Date;
  readonly pathId: string;
  /** Its number on its own path, from 1; numbers of deleted messages are not given again. */
  readonly sequenceInPath: number;
  /** Its number among all messages that the path resolves to: what the path inherits comes first. */
  readonly effectiveSequence: number;
  readonly isBranchPoint: boolean;
  /** The active paths that branch from it, oldest first. */
  readonly branchedToPaths: readonly string[];
  readonly messageType: MessageType;
  readonly isPinned: boolean;
  readonly pinnedAt?: Date;
  readonly pinnedBy?: string;
}
