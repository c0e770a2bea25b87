// Policies in a Map, for development and tests: the same rules and the same results as SQL, gone with the process.
// Bounded by what the caller puts in; no factory chooses it in production.
import { parseInput } from '../schema/parse.ts';
import { tenantIdSchema } from '../schema/text.ts';
import { parseUpdatedBy, type WriteOptions } from '../store-options.ts';
import { policyInputSchema } from './policy-schema.ts';
import type { LlmPolicyStore } from './policy-store.ts';
import type { TenantLlmPolicy } from './policy.ts';

export class InMemoryPolicyStore implements LlmPolicyStore {
  readonly #policies = new Map<string, TenantLlmPolicy>();

  async getPolicy(tenantId: string): Promise<TenantLlmPolicy | null> {
    const policy = this.#policies.get(parseInput(tenantIdSchema, 'tenantId', tenantId));
    // A copy, as a row read from SQL would be: a caller that changes it must not change the store.
    return policy === undefined ? null : structuredClone(policy);
  }

  async setPolicy(policy: TenantLlmPolicy, options: WriteOptions = {}): Promise<void> {
    // Refused here as SQL would be; who wrote is not kept, nobody could ask for it.
    parseUpdatedBy(options);
    // Parsing makes the copy that keeps later changes of the caller's object out.
    const parsed = parseInput(policyInputSchema, 'policy', policy);
    this.#policies.set(parsed.tenantId, parsed);
  }

  async deletePolicy(tenantId: string): Promise<void> {
    this.#policies.delete(parseInput(tenantIdSchema, 'tenantId', tenantId));
  }
}
