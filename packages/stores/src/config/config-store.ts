// The interface of everything that keeps conversation configs. The variants (in memory, Supabase, caching) are
// interchangeable and pass one conformance suite; a config has no other way in or out.
import type { ReadOptions } from '../store-options.ts';
import type { ConfigIdentity, ConversationConfig, ConversationConfigPatch, LevelConfig } from './config.ts';
import type { ScopeKey } from './scope-key.ts';

export interface SetConfigInput extends ConfigIdentity {
  readonly config: ConversationConfigPatch;
  /** Who writes: an id of 1 to 200 characters, kept in the row; absent clears it. */
  readonly updatedBy?: string;
}

export interface ConversationConfigStore {
  /**
   * What applies: defaults < everybody's < the tenant's < the user's, field by field.
   *
   * @throws InvalidInputError, SourceError, InvalidRowError; never returns a config it isn't sure of
   */
  getConfig(identity: ConfigIdentity, options?: ReadOptions): Promise<ConversationConfig>;

  /**
   * Patches everybody's row. A field that is absent stays as it is, null clears it; two patches of different fields
   * never undo each other.
   *
   * @param updatedBy who writes: an id of 1 to 200 characters, kept in the row; absent clears it
   * @throws InvalidInputError before anything is sent; SourceError, after which the outcome may be unknown
   */
  setGlobalConfig(config: ConversationConfigPatch, updatedBy?: string): Promise<void>;

  /** The same for a tenant. @throws InvalidInputError also when a user is named */
  setTenantConfig(input: SetConfigInput): Promise<void>;

  /** The same for one user of a tenant. @throws InvalidInputError also when no user is named */
  setUserConfig(input: SetConfigInput): Promise<void>;

  /** The rows of the tenant's users stay. Does nothing when there is no row. */
  deleteTenantConfig(tenantId: string): Promise<void>;

  /** Does nothing when there is no row. */
  deleteUserConfig(identity: Required<ConfigIdentity>): Promise<void>;
}

/** A store that can be cached: it tells its levels apart, so that each is an entry of its own. */
export interface BackingConfigStore extends ConversationConfigStore {
  /**
   * The table as the journal names it (`schema.table`), for whoever caches this store; absent when no PostgreSQL table
   * is behind it.
   */
  readonly table?: string;

  /** @returns the level of each key, in the order of the keys; null where there is no row */
  getLevels(keys: readonly ScopeKey[], options?: ReadOptions): Promise<(LevelConfig | null)[]>;
}
