// The public names of the stores; what is not listed is internal.
export type { AuthValidation, AuthVerdict } from './auth/auth-validation.ts';
export {
  createAuthValidationCache,
  defaultAuthValidationTtlSeconds,
  type AuthCheck,
  type AuthValidationCache,
  type AuthValidationCacheOptions,
  type AuthValidationStats,
} from './auth/auth-validation-cache.ts';
export {
  createCachedStore,
  type CachedStore,
  type CachedStoreDefinition,
  type CachingOptions,
} from './cached-store/cached-store.ts';
export type { ConversationContextStore } from './context/context-store.ts';
export type { ContextIdentity, ConversationContext } from './context/context.ts';
export {
  createConversationContextStore,
  type ConversationContextStoreOptions,
} from './context/create-context-store.ts';
export { InMemoryConversationContextStore } from './context/in-memory-context-store.ts';
export { SupabaseConversationContextStore } from './context/supabase-context-store.ts';
export { CachingConversationConfigStore } from './config/caching-config-store.ts';
export type { BackingConfigStore, ConversationConfigStore, SetConfigInput } from './config/config-store.ts';
export {
  defaultConversationConfig,
  mergeCompressionStrategies,
  pathCompressionStrategies,
  type ConfigIdentity,
  type ConfigLevel,
  type ConversationConfig,
  type ConversationConfigFields,
  type ConversationConfigPatch,
  type LevelConfig,
  type MergeCompressionStrategy,
  type PathCompressionStrategy,
} from './config/config.ts';
export {
  createConversationConfigStore,
  type ConversationConfigStoreOptions,
} from './config/create-config-store.ts';
export { InMemoryConversationConfigStore } from './config/in-memory-config-store.ts';
export type { ScopeKey } from './config/scope-key.ts';
export {
  SupabaseConversationConfigStore,
  type SupabaseConversationConfigStoreOptions,
} from './config/supabase-config-store.ts';
export { describeControl, logControl, type CacheDescription } from './control/describe-control.ts';
export { parseEnvironment, type CacheControl, type Environment } from './control/environment.ts';
export type { EnvironmentVariables } from './control/environment-reader.ts';
export type { Flag, FlagName, Flags } from './control/flags.ts';
export type { RedisSettings } from './control/redis-settings.ts';
export type { RuntimeMode } from './control/runtime-mode.ts';
export type { SupabaseSettings } from './control/supabase-settings.ts';
export type { TtlName, Ttls } from './control/ttls.ts';
export { CachingConversationStore } from './conversation/caching-conversation-store.ts';
export {
  defaultListLimit,
  defaultMessageLimit,
  maxListLimit,
  maxMessageLimit,
} from './conversation/conversation-input.ts';
export type {
  AppendMessageInput,
  ConversationPage,
  ConversationRowWriter,
  ConversationSource,
  ConversationStatus,
  ConversationStore,
  CreateConversationInput,
  GetConversationInput,
  GetMessagesInput,
  ListConversationsInput,
  SetArchivedStateInput,
  SharedConversationStore,
  SoftDeleteMessageInput,
  UpdateSharingInput,
} from './conversation/conversation-store.ts';
export type {
  AuthorizationModel,
  AuthorizationSpec,
  ConversationMessage,
  ConversationRecord,
  MessageRole,
  MessageType,
  ShareAudience,
  TenantAccess,
} from './conversation/conversation.ts';
export {
  createConversationStore,
  type ConversationStoreOptions,
} from './conversation/create-conversation-store.ts';
export { InMemoryConversationData } from './conversation/in-memory-conversation-data.ts';
export { InMemoryConversationStore } from './conversation/in-memory-conversation-store.ts';
export {
  effectiveAudience,
  mayRead,
  mayWrite,
  type AccessFacts,
  type Caller,
  type ConversationWrite,
} from './conversation/reading-rule.ts';
export {
  SupabaseConversationStore,
  type SupabaseConversationStoreOptions,
} from './conversation/supabase-conversation-store.ts';
export {
  ConversationAccessError,
  ConversationPathError,
  EnvironmentError,
  InvalidInputError,
  InvalidRowError,
  RoutingError,
  SourceError,
  type ConversationAccessErrorCode,
  type ConversationPathErrorCode,
  type RoutingErrorCode,
  type SourceErrorOptions,
} from './errors.ts';
export {
  createConversationEventHub,
  createConversationListEventHub,
  type ConversationEventHub,
  type ConversationListEventHub,
  type ConversationListSubject,
  type ConversationSubject,
  type EventHubOptions,
} from './events/create-event-hubs.ts';
export {
  maxEventLength,
  maxSubscriptions,
  type EventHub,
  type EventHubStatus,
  type SubscribeOptions,
  type Subscription,
} from './events/event-hub.ts';
export { maxWaitingEvents, type EventListener } from './events/event-queue.ts';
export {
  conversationEvents,
  conversationListEvents,
  type ConversationEventName,
  type ConversationListEventName,
  type HubEvent,
} from './events/hub-event.ts';
export { createExecutionContextStore } from './execution/create-execution-context-store.ts';
export {
  defaultExecutionTtlMs,
  maxExecutionTtlMs,
  maxExpiredContexts,
  type CreateExecutionContextInput,
  type ExecutionContextStore,
} from './execution/execution-context-store.ts';
export {
  executionStatuses,
  type ExecutionContext,
  type ExecutionPath,
  type ExecutionStatus,
} from './execution/execution-context.ts';
export { InMemoryExecutionContextStore } from './execution/in-memory-execution-context-store.ts';
export { SupabaseExecutionContextStore } from './execution/supabase-execution-context-store.ts';
export {
  checkHealth,
  defaultHealthTimeout,
  formatHealth,
  isHealthy,
  type Health,
  type HealthOptions,
  type HealthParts,
} from './health/check-health.ts';
export type { PartHealth } from './health/part-health.ts';
export { createConversationPathStore, type ConversationPathStoreOptions } from './path/create-path-store.ts';
export { InMemoryConversationPathStore } from './path/in-memory-path-store.ts';
export { InvalidatingConversationPathStore } from './path/invalidating-path-store.ts';
export type {
  BranchFromMessageInput,
  ConversationOfTenant,
  ConversationPathStore,
  CreatePathInput,
  DeletePathInput,
  ListPathsInput,
  MergePathInput,
  MessageOfTenant,
  PathOfTenant,
  PinMessageInput,
  SetActivePathInput,
  UpdatePathInput,
} from './path/path-store.ts';
export {
  mergeModes,
  type BranchPoint,
  type ConversationPath,
  type MergedPath,
  type MergeMode,
  type MergePreview,
  type PathResolution,
} from './path/path.ts';
export { SupabaseConversationPathStore, type SupabasePathStoreOptions } from './path/supabase-path-store.ts';
export { CachingPolicyStore } from './policy/caching-policy-store.ts';
export { createPolicyStore, type PolicyStoreOptions } from './policy/create-policy-store.ts';
export { InMemoryPolicyStore } from './policy/in-memory-policy-store.ts';
export type { LlmPolicyStore } from './policy/policy-store.ts';
export {
  egressModes,
  type EgressMode,
  type LlmTaskPolicy,
  type LlmUserPolicy,
  type TenantLlmPolicy,
} from './policy/policy.ts';
export { SupabasePolicyStore, type SupabasePolicyStoreOptions } from './policy/supabase-policy-store.ts';
export {
  createRateLimiter,
  defaultRateLimit,
  defaultRateLimitWindow,
  type RateLimiter,
  type RateLimiterOptions,
  type RateLimiterStatus,
} from './rate-limit/rate-limiter.ts';
export { openSharedRedis, type SharedRedis, type SharedRedisOptions } from './redis/shared-redis.ts';
export type { EgressDecision } from './router/egress.ts';
export type { LlmChunk, LlmMessage, LlmProvider, LlmReply, LlmRequest } from './router/llm-provider.ts';
export {
  createLlmRouter,
  type ChatOptions,
  type LlmRouter,
  type LlmRouterOptions,
} from './router/llm-router.ts';
export { resolveRoute, type Route, type RouterDefaults } from './router/resolve-route.ts';
export type { RoutingOptions } from './router/routing-options.ts';
export {
  redactSensitiveText,
  type Sanitize,
  type SanitizeChange,
  type Sanitized,
} from './router/sanitizer.ts';
export type { ReadOptions, WriteOptions } from './store-options.ts';
export { maxIdCharacters } from './schema/text.ts';
export {
  defaultDeadline,
  defaultSourceSchema,
  sourceSchemas,
  type SourceSchema,
  type SupabaseSource,
  type SupabaseTableOptions,
} from './supabase/ask-supabase.ts';
export type { UncachedStoreOptions } from './uncached-store/uncached-store.ts';
