// What a conversation is about at the moment: the nodes that are active in it, and the span its trace hangs on. Optional
// fields that are not set are absent: never null, never present as undefined.

/** Whose context it is. */
export interface ContextIdentity {
  /** 1 to 200 characters, not `global`. */
  readonly tenantId: string;
  readonly conversationId: string;
}

export interface ConversationContext {
  /** A set of ids in the order in which they came; a repetition counts once, where it came first. */
  readonly activeNodeIds: readonly string[];
  readonly traceId?: string;
  readonly rootSpanName?: string;
  readonly rootSpanId?: string;
}
