export { createEngine, type EngineStatus, type NamespaceStatus, type RunningEngine } from './engine.ts';
export type { FoundByRound, Hint, HintHost, HintSource, HintState, HintStatus } from './hints/hint-source.ts';
export type { LossCounts, HintOutcome, FoundChange, Settled } from './hints/loss-meter.ts';
export { directHints, type DirectHintsOptions } from './hints/direct-hints.ts';
export { realtimeHints, type RealtimeHintKind, type RealtimeHintsOptions } from './hints/realtime-hints.ts';
export { isLastingProblem, type JournalProblemCode } from './journal/journal-problem.ts';
export { postgresJournal, type PostgresJournalOptions } from './journal/postgres-journal.ts';
export {
  type BestEffortTable,
  realtimeJournal,
  type RealtimeJournalOptions,
} from './journal/realtime-journal.ts';
export { supabaseJournal, type SupabaseJournalOptions } from './journal/supabase-journal.ts';
export { bestEffortNamespace } from './namespaces.ts';
export type { EngineObserver, ObservedHint, ObservedChange, ObservedRound } from './observer.ts';
export { defaultPruneEvery, defaultReadTimeout, defaultRoundEvery, type EngineOptions } from './options.ts';
export type { LoopState } from './round/round-loop.ts';
export type { RoundStep } from './round/round-steps.ts';
