// A policy store that counts what reaches it, and whose next call can be made to fail before or after it did its work.
import { InMemoryPolicyStore } from '../policy/in-memory-policy-store.ts';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import type { ReadOptions, WriteOptions } from '../store-options.ts';

export class WatchedPolicyStore implements LlmPolicyStore {
  readonly reads: string[] = [];
  readonly writes: (WriteOptions | undefined)[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  /** Thrown by the next call. */
  failure: { readonly error: Error; readonly isAfterTheWork: boolean } | undefined;
  readonly #policies = new InMemoryPolicyStore();

  async getPolicy(tenantId: string, options?: ReadOptions): Promise<TenantLlmPolicy | null> {
    this.reads.push(tenantId);
    this.signals.push(options?.signal);
    return this.#run(() => this.#policies.getPolicy(tenantId));
  }

  async setPolicy(policy: TenantLlmPolicy, options?: WriteOptions): Promise<void> {
    this.writes.push(options);
    return this.#run(() => this.#policies.setPolicy(policy, options));
  }

  async deletePolicy(tenantId: string): Promise<void> {
    return this.#run(() => this.#policies.deletePolicy(tenantId));
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const { failure } = this;
    this.failure = undefined;
    if (failure === undefined) return work();
    if (failure.isAfterTheWork) await work();
    throw failure.error;
  }
}
