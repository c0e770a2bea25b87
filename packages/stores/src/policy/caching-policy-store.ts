// Policies behind the cache: a decorator over any other policy store. Reads come from L1 or L2 while those are fresh;
// writes go to the backing store first and are then told to every instance, also when their outcome is unknown (R3).
import type { Cache } from '@tidemark/cache';
import { createCachedStore, type CachedStore, type CachingOptions } from '../cached-store/cached-store.ts';
import { ttlRules } from '../control/ttls.ts';
import { parseInput } from '../schema/parse.ts';
import { tenantIdSchema } from '../schema/text.ts';
import type { ReadOptions, WriteOptions } from '../store-options.ts';
import { policyInputSchema, policySchema } from './policy-schema.ts';
import type { LlmPolicyStore } from './policy-store.ts';
import type { TenantLlmPolicy } from './policy.ts';

/** Keys are `copilot:llm:policy:{tenantId}` under the cache's default prefix. */
export const policyKeyPrefix = 'llm:policy';

export class CachingPolicyStore implements LlmPolicyStore {
  readonly table?: string;
  readonly #backing: LlmPolicyStore;
  readonly #policies: CachedStore<TenantLlmPolicy>;

  /** @param options `ttlSeconds` defaults to 300 */
  constructor(backing: LlmPolicyStore, cache: Cache, options: CachingOptions = {}) {
    if (backing.table !== undefined) this.table = backing.table;
    this.#backing = backing;
    this.#policies = createCachedStore<TenantLlmPolicy>(
      cache,
      {
        keyPrefix: policyKeyPrefix,
        ttlSeconds: ttlRules.policy.defaultSeconds,
        table: backing.table,
        schema: policySchema,
        load: (tenantId, { signal }) => backing.getPolicy(tenantId, { signal }),
      },
      options,
    );
  }

  /** The policy is frozen: other readers share it. */
  async getPolicy(tenantId: string, options?: ReadOptions): Promise<TenantLlmPolicy | null> {
    // An entry exists only under an id that was accepted before: a hit, on the path of every request, needs no check.
    if (typeof tenantId === 'string' && options?.fresh !== true) {
      const hit = this.#policies.peek(tenantId);
      if (hit !== undefined) return hit;
    }
    return this.#policies.get(parseInput(tenantIdSchema, 'tenantId', tenantId), options);
  }

  async setPolicy(policy: TenantLlmPolicy, options?: WriteOptions): Promise<void> {
    // Checked before the cache is touched: a refused policy must not cost the others their entries.
    const parsed = parseInput(policyInputSchema, 'policy', policy);
    await this.#policies.write(parsed.tenantId, () => this.#backing.setPolicy(parsed, options));
  }

  async deletePolicy(tenantId: string): Promise<void> {
    const id = parseInput(tenantIdSchema, 'tenantId', tenantId);
    await this.#policies.write(id, () => this.#backing.deletePolicy(id));
  }
}
