// What a tenant allows and prefers when its requests go to a language model.

/** One list for the type, the CHECK in SQL and the check of jsonb contents. */
export const egressModes = ['off', 'audit', 'enforce'] as const;

/** What happens to text before it leaves: nothing, a log line of what sanitising would change, or the sanitising. */
export type EgressMode = (typeof egressModes)[number];

/** The name of the provider that keeps data in the house; `allowRemoteEgress: false` admits no other. */
export const localProvider = 'local';

/** Which model a task uses. A task may have one entry per provider; the first that fits counts. */
export interface LlmTaskPolicy {
  readonly task: string;
  readonly model: string;
  readonly provider: string;
  /** Overrides the caller's. At least 0. */
  readonly temperature?: number;
  /** Overrides the caller's. An integer of at least 1. */
  readonly maxTokens?: number;
}

/** What one user's requests may do differently from the tenant's. */
export interface LlmUserPolicy {
  readonly egressMode?: EgressMode;
  readonly allowOffMode?: boolean;
}

/** Optional fields that are not set are absent: never null, never present as undefined. */
export interface TenantLlmPolicy {
  /** 1 to 200 characters, not `global`. */
  readonly tenantId: string;
  readonly defaultModel: string;
  readonly defaultProvider: string;
  /** False: only the provider `local` may be used. */
  readonly allowRemoteEgress: boolean;
  readonly tasks: readonly LlmTaskPolicy[];
  readonly egressMode?: EgressMode;
  /** Whether `egressMode: 'off'` is obeyed, here and where a user has no word on it. Absent counts as false. */
  readonly allowOffMode?: boolean;
  /** By user id. */
  readonly userPolicies?: Readonly<Record<string, LlmUserPolicy>>;
}
