// A config store that notes what reaches it, and whose next call can be made to fail before or after it did its work.
import type { BackingConfigStore, SetConfigInput } from '../config/config-store.ts';
import type {
  ConfigIdentity,
  ConversationConfig,
  ConversationConfigPatch,
  LevelConfig,
} from '../config/config.ts';
import { InMemoryConversationConfigStore } from '../config/in-memory-config-store.ts';
import { scopeKeysOf, type ScopeKey } from '../config/scope-key.ts';
import type { ReadOptions } from '../store-options.ts';
import { NextCall } from './next-call.ts';

export class WatchedConfigStore implements BackingConfigStore {
  /** The keys of each read. */
  readonly reads: (readonly ScopeKey[])[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly writes: unknown[] = [];
  readonly next = new NextCall();
  readonly #configs = new InMemoryConversationConfigStore();

  async getConfig(identity: ConfigIdentity): Promise<ConversationConfig> {
    this.reads.push(scopeKeysOf(identity));
    return this.next.run(() => this.#configs.getConfig(identity));
  }

  async getLevels(keys: readonly ScopeKey[], options?: ReadOptions): Promise<(LevelConfig | null)[]> {
    this.reads.push(keys);
    this.signals.push(options?.signal);
    return this.next.run(() => this.#configs.getLevels(keys));
  }

  async setGlobalConfig(config: ConversationConfigPatch, updatedBy?: string): Promise<void> {
    this.writes.push({ config, updatedBy });
    return this.next.run(() => this.#configs.setGlobalConfig(config, updatedBy));
  }

  async setTenantConfig(input: SetConfigInput): Promise<void> {
    this.writes.push(input);
    return this.next.run(() => this.#configs.setTenantConfig(input));
  }

  async setUserConfig(input: SetConfigInput): Promise<void> {
    this.writes.push(input);
    return this.next.run(() => this.#configs.setUserConfig(input));
  }

  async deleteTenantConfig(tenantId: string): Promise<void> {
    return this.next.run(() => this.#configs.deleteTenantConfig(tenantId));
  }

  async deleteUserConfig(identity: Required<ConfigIdentity>): Promise<void> {
    return this.next.run(() => this.#configs.deleteUserConfig(identity));
  }
}
