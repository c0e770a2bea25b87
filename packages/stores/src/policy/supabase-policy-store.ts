// Policies in the table `tenant_llm_policies`, through the Data API. The source of every cache above it; holds nothing
// itself.
import { silentLogger, type Logger } from '@tidemark/protocol';
import { InvalidRowError } from '../errors.ts';
import { parseInput } from '../schema/parse.ts';
import { tenantIdSchema } from '../schema/text.ts';
import { parseUpdatedBy, type ReadOptions, type WriteOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseSource,
  type SupabaseTable,
  type SupabaseTableOptions,
  toReadRequest,
} from '../supabase/ask-supabase.ts';
import { formatList } from '../supabase/format-list.ts';
import { fromPolicyRow, policyColumns, policyTable, toPolicyRow } from './policy-row.ts';
import { policyInputSchema } from './policy-schema.ts';
import type { LlmPolicyStore } from './policy-store.ts';
import type { TenantLlmPolicy } from './policy.ts';

export interface SupabasePolicyStoreOptions extends SupabaseTableOptions {
  readonly logger?: Logger;
}

export class SupabasePolicyStore implements LlmPolicyStore {
  readonly table: string;
  readonly #table: SupabaseTable;
  readonly #logger: Logger;

  /** @param supabase a client with the service role's key; the table is service_role's to write */
  constructor(supabase: SupabaseSource, options: SupabasePolicyStoreOptions = {}) {
    this.#table = openTable(supabase, policyTable, options);
    this.table = this.#table.name;
    this.#logger = (options.logger ?? silentLogger).child({ component: 'policy-store' });
  }

  async getPolicy(tenantId: string, options: ReadOptions = {}): Promise<TenantLlmPolicy | null> {
    const id = parseInput(tenantIdSchema, 'tenantId', tenantId);
    const row = await askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table
        .from()
        .select(policyColumns)
        .filter('tenant_id', 'in', formatList([id]))
        .abortSignal(signal)
        .retry(false)
        .maybeSingle(),
    );
    if (row === null) return null;
    const where = `${this.table} of ${JSON.stringify(id)}`;
    const policy = fromPolicyRow(row, where);
    // R4: whatever sits between us and the table, another tenant's row is an error and never an answer.
    if (policy.tenantId !== id) throw new InvalidRowError(`the row in ${where} belongs to another tenant`);
    return policy;
  }

  async setPolicy(policy: TenantLlmPolicy, options: WriteOptions = {}): Promise<void> {
    const parsed = parseInput(policyInputSchema, 'policy', policy);
    const row = toPolicyRow(parsed, parseUpdatedBy(options));
    await askSupabase(this.#table, { action: 'write' }, (signal) =>
      this.#table
        .from()
        .upsert(row, { onConflict: 'tenant_id' })
        .select('tenant_id')
        .abortSignal(signal)
        .single(),
    );
    this.#logger.info({ tenantId: parsed.tenantId }, 'policy saved');
  }

  async deletePolicy(tenantId: string): Promise<void> {
    const id = parseInput(tenantIdSchema, 'tenantId', tenantId);
    await askSupabase(this.#table, { action: 'delete' }, (signal) =>
      this.#table
        .from()
        .delete()
        .filter('tenant_id', 'in', formatList([id]))
        .select('tenant_id')
        .abortSignal(signal),
    );
    this.#logger.info({ tenantId: id }, 'policy deleted');
  }
}
