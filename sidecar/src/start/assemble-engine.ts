// The engine that a configuration asks for: its journal, its hints, its best-effort tables. Starts nothing.
import {
  createEngine,
  type HintSource,
  postgresJournal,
  realtimeHints,
  realtimeJournal,
  type RunningEngine,
  supabaseJournal,
} from '@tidemark/engine';
import { type Clock, type Journal, type Logger, TidemarkError } from '@tidemark/protocol';
import type { SidecarConfig } from '../config/config.ts';
import type { SupabaseConfig } from '../config/supabase-setting.ts';
import type { FollowedTables } from './followed-tables.ts';
import { connectSupabase } from './supabase-client.ts';

export interface EngineParts {
  readonly tables: FollowedTables;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Closing the engine closes the journals and the hints with it. */
export function assembleEngine(config: SidecarConfig, parts: EngineParts): RunningEngine {
  const { tables, logger, clock } = parts;
  const bestEffort = bestEffortOf(config, parts, () => engine.ring());
  const engine = createEngine({
    journal: tables.observe(journalOf(config)),
    hints: hintsOf(config, parts),
    ...(bestEffort === undefined ? {} : { bestEffort: tables.observe(bestEffort) }),
    roundEvery: config.roundEveryMs,
    logger,
    clock,
  });
  return engine;
}

function journalOf({ databaseUrl, supabase }: SidecarConfig): Journal {
  if (databaseUrl !== undefined) return postgresJournal({ connectionString: databaseUrl });
  return supabaseJournal(connectSupabase(required(supabase)));
}

function hintsOf({ hints, supabase }: SidecarConfig, { logger, clock }: EngineParts): HintSource[] {
  if (hints.length === 0) return [];
  return [
    realtimeHints({
      supabase: connectSupabase(required(supabase)),
      kinds: hints,
      logger: logger.child({ component: 'hints' }),
      clock,
    }),
  ];
}

function bestEffortOf(
  { bestEffortTables, supabase }: SidecarConfig,
  { logger, clock }: EngineParts,
  onChange: () => void,
): Journal | undefined {
  if (bestEffortTables.length === 0) return undefined;
  return realtimeJournal({
    supabase: connectSupabase(required(supabase)),
    tables: bestEffortTables,
    onChange,
    logger: logger.child({ component: 'best-effort' }),
    clock,
  });
}

/** A resolved configuration has it wherever it is needed; one that was put together by hand may not. */
function required(supabase: SupabaseConfig | undefined): SupabaseConfig {
  if (supabase !== undefined) return supabase;
  throw new TidemarkError(
    'SUPABASE_URL must be set for the journal over rpc, for hints and for best effort',
    {
      code: 'CONFIG_INVALID',
    },
  );
}
