// Where the code of a path runs: a sandbox, from its creation to its end. Optional fields that are not set are absent:
// never null, never present as undefined.

/** One list for the type, the CHECK in SQL and the check of what callers give. */
export const executionStatuses = ['creating', 'ready', 'error', 'terminated'] as const;

/** `terminated` is final. The others say how the sandbox is doing, not whether the context has expired. */
export type ExecutionStatus = (typeof executionStatuses)[number];

/** The path whose code runs there. */
export interface ExecutionPath {
  /** 1 to 200 characters, not `global`. */
  readonly tenantId: string;
  readonly conversationId: string;
  readonly pathId: string;
}

/** Live while it is neither terminated nor expired; a path has one live context at most. Expired is for ever. */
export interface ExecutionContext extends ExecutionPath {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly sandboxId?: string;
  /** Only with the status `error`, or `terminated` after it. */
  readonly error?: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** By the clock of the database. */
  readonly expiresAt: Date;
  readonly terminatedAt?: Date;
}
