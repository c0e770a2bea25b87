// A policy store that counts what reaches it, and whose next call can be made to fail before or after it did its work.
import { InMemoryPolicyStore } from '../policy/in-memory-policy-store.ts';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import type { ReadOptions, WriteOptions } from '../store-options.ts';
import { NextCall } from './next-call.ts';

export class WatchedPolicyStore implements LlmPolicyStore {
  readonly reads: string[] = [];
  readonly writes: (WriteOptions | undefined)[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly next = new NextCall();
  readonly #policies = new InMemoryPolicyStore();

  async getPolicy(tenantId: string, options?: ReadOptions): Promise<TenantLlmPolicy | null> {
    this.reads.push(tenantId);
    this.signals.push(options?.signal);
    return this.next.run(() => this.#policies.getPolicy(tenantId));
  }

  async setPolicy(policy: TenantLlmPolicy, options?: WriteOptions): Promise<void> {
    this.writes.push(options);
    return this.next.run(() => this.#policies.setPolicy(policy, options));
  }

  async deletePolicy(tenantId: string): Promise<void> {
    return this.next.run(() => this.#policies.deletePolicy(tenantId));
  }
}
