// Configs in the table `conversation_configs`, through the Data API: one request per call, and nothing remembered.
import { encodeKey, silentLogger, type Logger } from '@tidemark/protocol';
import type { ReadOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseSource,
  type SupabaseTable,
  type SupabaseTableOptions,
  toReadRequest,
} from '../supabase/ask-supabase.ts';
import { formatList } from '../supabase/format-list.ts';
import {
  parseGlobalChange,
  parseIdentity,
  parseTenantChange,
  parseTenantIdentity,
  parseUserChange,
  parseUserIdentity,
  type LevelChange,
} from './config-input.ts';
import { configColumns, configTable, fromConfigRows, toConfigRow } from './config-row.ts';
import type { BackingConfigStore, SetConfigInput } from './config-store.ts';
import type { ConfigIdentity, ConversationConfig, ConversationConfigPatch, LevelConfig } from './config.ts';
import { mergeConfig } from './merge-config.ts';
import { scopeKeyOf, scopeKeysOf, type ScopeKey } from './scope-key.ts';

export interface SupabaseConversationConfigStoreOptions extends SupabaseTableOptions {
  readonly logger?: Logger;
}

export class SupabaseConversationConfigStore implements BackingConfigStore {
  readonly table: string;
  readonly #table: SupabaseTable;
  readonly #logger: Logger;

  /** @param supabase a client with the service role's key; most rows are service_role's to write */
  constructor(supabase: SupabaseSource, options: SupabaseConversationConfigStoreOptions = {}) {
    this.#table = openTable(supabase, configTable, options);
    this.table = this.#table.name;
    this.#logger = (options.logger ?? silentLogger).child({ component: 'config-store' });
  }

  async getConfig(identity: ConfigIdentity, options?: ReadOptions): Promise<ConversationConfig> {
    const keys = scopeKeysOf(parseIdentity(identity));
    const [global = null, tenant = null, user = null] = await this.getLevels(keys, options);
    return mergeConfig(global, tenant, user);
  }

  async getLevels(keys: readonly ScopeKey[], options: ReadOptions = {}): Promise<(LevelConfig | null)[]> {
    const rows = await askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table
        .from()
        .select(configColumns)
        .filter('scope_key', 'in', formatList(keys.map(encodeKey)))
        .abortSignal(signal)
        .retry(false),
    );
    return fromConfigRows(rows, keys, this.table);
  }

  async setGlobalConfig(config: ConversationConfigPatch, updatedBy?: string): Promise<void> {
    await this.#patch(parseGlobalChange(config, updatedBy));
  }

  async setTenantConfig(input: SetConfigInput): Promise<void> {
    await this.#patch(parseTenantChange(input));
  }

  async setUserConfig(input: SetConfigInput): Promise<void> {
    await this.#patch(parseUserChange(input));
  }

  async deleteTenantConfig(tenantId: string): Promise<void> {
    await this.#delete(parseTenantIdentity(tenantId));
  }

  async deleteUserConfig(identity: Required<ConfigIdentity>): Promise<void> {
    await this.#delete(parseUserIdentity(identity));
  }

  /** One statement that sets the given columns and no other: two patches at once don't undo each other. */
  async #patch(change: LevelChange): Promise<void> {
    const row = toConfigRow(change);
    await askSupabase(this.#table, { action: 'write' }, (signal) =>
      this.#table
        .from()
        .upsert(row, { onConflict: 'scope_key' })
        .select('scope_key')
        .abortSignal(signal)
        .single(),
    );
    this.#logger.info({ scope: encodeKey(scopeKeyOf(change)) }, 'conversation config saved');
  }

  async #delete(identity: ConfigIdentity): Promise<void> {
    const scope = encodeKey(scopeKeyOf(identity));
    await askSupabase(this.#table, { action: 'delete' }, (signal) =>
      this.#table
        .from()
        .delete()
        .filter('scope_key', 'in', formatList([scope]))
        .select('scope_key')
        .abortSignal(signal),
    );
    this.#logger.info({ scope }, 'conversation config deleted');
  }
}
