// How conversations are merged, cut and compacted: the fields, their defaults, and the levels that may set them.

/** One list for the type and for the checks; the CHECK in SQL has the same. */
export const mergeCompressionStrategies = ['none', 'minimal', 'moderate', 'aggressive'] as const;

/** How much is left out of what one path brings into another. */
export type MergeCompressionStrategy = (typeof mergeCompressionStrategies)[number];

export const pathCompressionStrategies = ['none', 'sliding_window', 'semantic', 'hybrid'] as const;

/** How a path that grew too long is shortened. */
export type PathCompressionStrategy = (typeof pathCompressionStrategies)[number];

/** What every level may set. */
export interface ConversationConfigFields {
  readonly mergeCompressionStrategy: MergeCompressionStrategy;
  /** At least 1. */
  readonly mergeMaxMessages: number;
  readonly mergePreservePinned: boolean;
  readonly pathCompressionStrategy: PathCompressionStrategy;
  /** At least 1. */
  readonly pathMaxMessages: number;
  /** In messages, at least 1. */
  readonly pathSlidingWindowSize: number;
  /** From 0 to 1. */
  readonly pathCompressionThreshold: number;
  readonly autoCompactEnabled: boolean;
  /** At least 1. */
  readonly compactionIntervalMinutes: number;
}

/** What holds where no level has a word; `effective_config` in SQL has the same. */
export const defaultConversationConfig: ConversationConfigFields = Object.freeze({
  mergeCompressionStrategy: 'moderate',
  mergeMaxMessages: 100,
  mergePreservePinned: true,
  pathCompressionStrategy: 'sliding_window',
  pathMaxMessages: 200,
  pathSlidingWindowSize: 50,
  pathCompressionThreshold: 0.85,
  autoCompactEnabled: true,
  compactionIntervalMinutes: 60,
});

/** A change of one level: absent leaves a field as it is, null clears it, so that the next wider level counts. */
export type ConversationConfigPatch = {
  readonly [Field in keyof ConversationConfigFields]?: ConversationConfigFields[Field] | null;
};

/** From the widest to the narrowest: a narrower one has the word. */
export type ConfigLevel = 'global' | 'tenant' | 'user';

/** What applies: every field has a value. Level, scope and stamp are those of the narrowest row there is. */
export interface ConversationConfig extends ConversationConfigFields {
  readonly configLevel: ConfigLevel;
  /** `global`, the tenant's id or the user's id. */
  readonly configScope: string;
  /** The start of 1970 while there is no row at all. */
  readonly updatedAt: Date;
  readonly updatedBy?: string;
}

/** Whose config. Without a user: what applies to the tenant's users who have no row of their own. */
export interface ConfigIdentity {
  /** 1 to 200 characters, not `global`. */
  readonly tenantId: string;
  /** 1 to 200 characters. */
  readonly userId?: string;
}

/** The row of one level: only what was set there. No tenant: it is everybody's; no user: the tenant's. */
export interface LevelConfig {
  readonly tenantId?: string;
  readonly userId?: string;
  readonly fields: Partial<ConversationConfigFields>;
  readonly updatedAt: Date;
  readonly updatedBy?: string;
}
