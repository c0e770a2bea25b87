// Configs in a Map, for development and tests: the same rules and the same results as SQL, gone with the process.
// Bounded by what the caller puts in; no factory chooses it in production.
import { encodeKey, systemClock, type Clock } from '@tidemark/protocol';
import {
  parseGlobalChange,
  parseIdentity,
  parseTenantChange,
  parseTenantIdentity,
  parseUserChange,
  parseUserIdentity,
  type LevelChange,
} from './config-input.ts';
import type { BackingConfigStore, SetConfigInput } from './config-store.ts';
import type {
  ConfigIdentity,
  ConversationConfig,
  ConversationConfigFields,
  ConversationConfigPatch,
  LevelConfig,
} from './config.ts';
import { mergeConfig } from './merge-config.ts';
import { scopeKeyOf, scopeKeysOf, type ScopeKey } from './scope-key.ts';

export class InMemoryConversationConfigStore implements BackingConfigStore {
  readonly #rows = new Map<string, LevelConfig>();
  readonly #clock: Pick<Clock, 'wallMs'>;

  /** @param clock in place of the server's */
  constructor(clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#clock = clock;
  }

  async getConfig(identity: ConfigIdentity): Promise<ConversationConfig> {
    const keys = scopeKeysOf(parseIdentity(identity));
    const [global = null, tenant = null, user = null] = await this.getLevels(keys);
    return mergeConfig(global, tenant, user);
  }

  async getLevels(keys: readonly ScopeKey[]): Promise<(LevelConfig | null)[]> {
    // Copies, as rows read from SQL would be: a caller that changes one must not change the store.
    return keys.map((key) => structuredClone(this.#rows.get(encodeKey(key)) ?? null));
  }

  async setGlobalConfig(config: ConversationConfigPatch, updatedBy?: string): Promise<void> {
    this.#patch(parseGlobalChange(config, updatedBy));
  }

  async setTenantConfig(input: SetConfigInput): Promise<void> {
    this.#patch(parseTenantChange(input));
  }

  async setUserConfig(input: SetConfigInput): Promise<void> {
    this.#patch(parseUserChange(input));
  }

  async deleteTenantConfig(tenantId: string): Promise<void> {
    this.#rows.delete(encodeKey(scopeKeyOf(parseTenantIdentity(tenantId))));
  }

  async deleteUserConfig(identity: Required<ConfigIdentity>): Promise<void> {
    this.#rows.delete(encodeKey(scopeKeyOf(parseUserIdentity(identity))));
  }

  #patch({ config, ...change }: LevelChange): void {
    const key = encodeKey(scopeKeyOf(change));
    const fields = patchFields(this.#rows.get(key)?.fields ?? {}, config);
    this.#rows.set(key, { ...change, fields, updatedAt: new Date(this.#clock.wallMs()) });
  }
}

function patchFields(
  fields: Partial<ConversationConfigFields>,
  patch: ConversationConfigPatch,
): Partial<ConversationConfigFields> {
  const patched = Object.entries({ ...fields, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(patched);
}
