// Configs behind the cache: a decorator over any store that tells its levels apart. Each level's row is an entry of its
// own and what applies is merged on read, so that a change of everybody's row is one invalidation, however many tenants
// and users there are. Writes go to the backing store first and are then told to every instance, also when their outcome
// is unknown (R3).
import type { Cache } from '@tidemark/cache';
import { createCachedStore, type CachedStore, type CachingOptions } from '../cached-store/cached-store.ts';
import { ttlRules } from '../control/ttls.ts';
import { globalScope } from '../schema/text.ts';
import type { ReadOptions } from '../store-options.ts';
import {
  parseGlobalChange,
  parseIdentity,
  parseTenantChange,
  parseTenantIdentity,
  parseUserChange,
  parseUserIdentity,
} from './config-input.ts';
import { levelSchema } from './config-schema.ts';
import type { BackingConfigStore, ConversationConfigStore, SetConfigInput } from './config-store.ts';
import type { ConfigIdentity, ConversationConfig, ConversationConfigPatch, LevelConfig } from './config.ts';
import { MergedConfigs } from './merge-config.ts';
import { globalKey, scopeKeyOf, scopeKeysOf, type ScopeKey } from './scope-key.ts';

/**
 * Keys are `copilot:conv:config:global`, `copilot:conv:config:{tenantId}` and `copilot:conv:config:{tenantId}:{userId}`
 * under the cache's default prefix.
 */
export const configKeyPrefix = 'conv:config';

export class CachingConversationConfigStore implements ConversationConfigStore {
  readonly #backing: BackingConfigStore;
  readonly #levels: CachedStore<LevelConfig, ScopeKey>;
  readonly #merged = new MergedConfigs();
  readonly #isEnabled: boolean;

  /** @param options `ttlSeconds` defaults to 300 */
  constructor(backing: BackingConfigStore, cache: Cache, options: CachingOptions = {}) {
    this.#backing = backing;
    this.#isEnabled = options.isEnabled ?? true;
    this.#levels = createCachedStore<LevelConfig, ScopeKey>(
      cache,
      {
        keyPrefix: configKeyPrefix,
        ttlSeconds: ttlRules.config.defaultSeconds,
        table: backing.table,
        schema: levelSchema,
        load: async (key, { signal }) => (await backing.getLevels([key], { signal }))[0] ?? null,
        loadMany: async (keys, { signal }) => {
          const levels = await backing.getLevels(keys, { signal });
          return new Map(keys.map((key, index) => [key, levels[index] ?? null]));
        },
      },
      options,
    );
  }

  /** The config is frozen: other readers share it. */
  async getConfig(identity: ConfigIdentity, options: ReadOptions = {}): Promise<ConversationConfig> {
    const hit = options.fresh === true ? undefined : this.#peek(identity);
    if (hit !== undefined) return hit;
    // Switched off, each level by itself would be a request of its own.
    if (!this.#isEnabled) return this.#backing.getConfig(identity, options);
    const keys = scopeKeysOf(parseIdentity(identity));
    const [global = null, tenant = null, user = null] =
      options.fresh === true
        ? await Promise.all(keys.map((key) => this.#levels.get(key, options)))
        : await this.#levels.getMany(keys, options);
    return this.#merged.of(global, tenant, user);
  }

  /**
   * On the path of every request: three look-ups, and no check but of the kind: an entry exists only under ids that
   * were accepted before; except for the one of everybody's row, which no tenant may have.
   */
  #peek({ tenantId, userId }: ConfigIdentity): ConversationConfig | undefined {
    if (typeof tenantId !== 'string' || tenantId === globalScope) return undefined;
    if (userId !== undefined && typeof userId !== 'string') return undefined;
    const global = this.#levels.peek(globalKey);
    const tenant = this.#levels.peek(tenantId);
    const user = userId === undefined ? null : this.#levels.peek([tenantId, userId]);
    if (global === undefined || tenant === undefined || user === undefined) return undefined;
    return this.#merged.of(global, tenant, user);
  }

  // Checked before the cache is touched: a refused change must not cost the others their entries.
  async setGlobalConfig(config: ConversationConfigPatch, updatedBy?: string): Promise<void> {
    const change = parseGlobalChange(config, updatedBy);
    await this.#levels.write(globalKey, () => this.#backing.setGlobalConfig(change.config, change.updatedBy));
  }

  async setTenantConfig(input: SetConfigInput): Promise<void> {
    const change = parseTenantChange(input);
    await this.#levels.write(scopeKeyOf(change), () => this.#backing.setTenantConfig(change));
  }

  async setUserConfig(input: SetConfigInput): Promise<void> {
    const change = parseUserChange(input);
    await this.#levels.write(scopeKeyOf(change), () => this.#backing.setUserConfig(change));
  }

  async deleteTenantConfig(tenantId: string): Promise<void> {
    const identity = parseTenantIdentity(tenantId);
    await this.#levels.write(scopeKeyOf(identity), () => this.#backing.deleteTenantConfig(identity.tenantId));
  }

  async deleteUserConfig(given: Required<ConfigIdentity>): Promise<void> {
    const identity = parseUserIdentity(given);
    await this.#levels.write(scopeKeyOf(identity), () => this.#backing.deleteUserConfig(identity));
  }
}
