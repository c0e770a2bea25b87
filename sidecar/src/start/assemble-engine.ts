// The engine that a configuration asks for: its journal, its hints, its best-effort tables. Starts nothing.
import {
  createEngine,
  directHints,
  type EngineObserver,
  type HintSource,
  realtimeHints,
  realtimeJournal,
  type RunningEngine,
} from '@tidemark/engine';
import type { Clock, Journal, Logger } from '@tidemark/protocol';
import type { SidecarConfig } from '../config/config.ts';
import type { FollowedTables } from './followed-tables.ts';
import { openJournal } from './open-journal.ts';
import { connectSupabase, requireSupabase } from './supabase-client.ts';

export interface EngineParts {
  readonly tables: FollowedTables;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer: EngineObserver;
}

/** Closing the engine closes the journals and the hints with it. */
export function assembleEngine(config: SidecarConfig, parts: EngineParts): RunningEngine {
  const { tables, logger, clock, observer } = parts;
  const bestEffort = bestEffortOf(config, parts, () => engine.ring());
  const engine = createEngine({
    journal: tables.observe(openJournal(config)),
    hints: hintsOf(config, parts),
    ...(bestEffort === undefined ? {} : { bestEffort: tables.observe(bestEffort) }),
    roundEvery: config.roundEveryMs,
    logger,
    clock,
    observer,
  });
  return engine;
}

function hintsOf({ hints, supabase, databaseUrl }: SidecarConfig, parts: EngineParts): HintSource[] {
  const common = { logger: parts.logger.child({ component: 'hints' }), clock: parts.clock };
  const kinds = hints.filter((kind) => kind !== 'direct');
  const sources: HintSource[] = [];
  if (kinds.length > 0) {
    sources.push(realtimeHints({ supabase: connectSupabase(requireSupabase(supabase)), kinds, ...common }));
  }
  if (hints.includes('direct') && databaseUrl !== undefined) {
    sources.push(directHints({ connectionString: databaseUrl, ...common }));
  }
  return sources;
}

function bestEffortOf(
  { bestEffortTables, supabase }: SidecarConfig,
  { logger, clock }: EngineParts,
  onChange: () => void,
): Journal | undefined {
  if (bestEffortTables.length === 0) return undefined;
  return realtimeJournal({
    supabase: connectSupabase(requireSupabase(supabase)),
    tables: bestEffortTables,
    onChange,
    logger: logger.child({ component: 'best-effort' }),
    clock,
  });
}
