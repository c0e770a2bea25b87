// Rows of the policy table as the outside writer reads them, past the library.
import type { EgressMode, LlmTaskPolicy, LlmUserPolicy, TenantLlmPolicy } from '@tidemark/stores';
import { textOfPolicy } from '../answers/answer.ts';
import type { OutsideWriter } from './outside-writer.ts';

export const policyTable = 'copilot_internal.tenant_llm_policies';

// A type, not an interface: pg wants rows to be records.
type PolicyRow = {
  readonly tenant_id: string;
  readonly default_model: string;
  readonly default_provider: string;
  readonly allow_remote_egress: boolean;
  readonly egress_mode: EgressMode | null;
  readonly allow_off_mode: boolean | null;
  readonly tasks: readonly LlmTaskPolicy[];
  readonly user_policies: Readonly<Record<string, LlmUserPolicy>> | null;
};

async function readPolicies(
  writer: OutsideWriter,
  tenants: readonly string[],
): Promise<Map<string, TenantLlmPolicy | null>> {
  const rows = await writer.read<PolicyRow>(`select * from ${policyTable} where tenant_id = any($1)`, [
    tenants,
  ]);
  const policies = new Map<string, TenantLlmPolicy | null>(tenants.map((tenant) => [tenant, null]));
  for (const row of rows) policies.set(row.tenant_id, fromRow(row));
  return policies;
}

/** What each tenant's answer should be, by the rows as they are now. */
export async function readTexts(
  writer: OutsideWriter,
  tenants: readonly string[],
): Promise<Map<string, string>> {
  const policies = await readPolicies(writer, tenants);
  return new Map(Array.from(policies, ([tenant, policy]) => [tenant, textOfPolicy(policy)]));
}

function fromRow(row: PolicyRow): TenantLlmPolicy {
  return {
    tenantId: row.tenant_id,
    defaultModel: row.default_model,
    defaultProvider: row.default_provider,
    allowRemoteEgress: row.allow_remote_egress,
    tasks: row.tasks,
    ...(row.egress_mode !== null && { egressMode: row.egress_mode }),
    ...(row.allow_off_mode !== null && { allowOffMode: row.allow_off_mode }),
    ...(row.user_policies !== null && { userPolicies: row.user_policies }),
  };
}
