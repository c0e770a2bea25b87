// The choice between Supabase and memory for stores that are never cached. Owns the options of their factories and the
// line in the log; takes no cache, so that none of them can get a region by accident.
import { silentLogger, type Logger } from '@tidemark/protocol';
import { chooseConversationBackend } from '../control/backend.ts';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import type { Flag } from '../control/flags.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SourceSchema, SupabaseSource, SupabaseTableOptions } from '../supabase/ask-supabase.ts';

export interface UncachedStoreOptions {
  /** A client with the service role's key. */
  readonly supabase?: SupabaseSource;
  /**
   * Where the table and its functions are. Default `copilot_internal`, as the migrations have them; in `public` they are
   * the caller's own.
   */
  readonly schema?: SourceSchema;
  /** Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
}

export interface UncachedStoreDefinition<Store> {
  /** The factory, for errors. */
  readonly factory: string;
  /** For the log. */
  readonly component: string;
  /** Those of all factories, and the factory's own. */
  readonly optionNames: Readonly<Record<string, true>>;
  readonly onSupabase: (supabase: SupabaseSource, options: SupabaseTableOptions) => Store;
  readonly inMemory: () => Store;
}

export const uncachedOptionNames: Readonly<Record<keyof UncachedStoreOptions, true>> = {
  supabase: true,
  schema: true,
  env: true,
  logger: true,
};

/** In place of the switch that a cached store has. */
const neverCached: Flag = { isOn: false, decidedBy: 'never cached' };

/** @throws EnvironmentError, InvalidInputError */
export function createUncachedStore<Store>(
  definition: UncachedStoreDefinition<Store>,
  options: UncachedStoreOptions,
): Store {
  const { factory, component, optionNames, onSupabase, inMemory } = definition;
  refuseUnknownOptions(factory, options, optionNames);
  const { supabase, schema, logger = silentLogger } = options;
  const { mode } = parseCacheControl(options.env);
  const { kind, reason } = chooseConversationBackend({
    factory,
    hasSupabase: supabase !== undefined,
    hasCache: false,
    flag: neverCached,
    mode,
  });
  logger
    .child({ component })
    .info(
      { backend: kind, isCacheOn: false, reason: kind === 'supabase' ? neverCached.decidedBy : reason },
      `${component.replaceAll('-', ' ')} chosen`,
    );
  if (supabase === undefined || kind === 'memory') return inMemory();
  return onSupabase(supabase, { ...(schema !== undefined && { schema }) });
}
