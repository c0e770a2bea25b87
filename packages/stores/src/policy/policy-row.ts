// A policy as a row of `tenant_llm_policies`, both ways. The columns are named one by one: `*` would make a new column
// part of every answer.
import * as z from 'zod';
import { parseRow } from '../schema/parse.ts';
import { policySchema } from './policy-schema.ts';
import type { TenantLlmPolicy } from './policy.ts';

export const policyTable = 'tenant_llm_policies';

export const policyColumns =
  'tenant_id,default_model,default_provider,allow_remote_egress,egress_mode,allow_off_mode,tasks,user_policies';

const rowObject = z.record(z.string(), z.unknown(), { error: 'must be an object' });

/** The whole row: null where the policy has no word, so that an upsert clears what an earlier one had set. */
export function toPolicyRow(policy: TenantLlmPolicy, updatedBy: string | null): Record<string, unknown> {
  return {
    tenant_id: policy.tenantId,
    default_model: policy.defaultModel,
    default_provider: policy.defaultProvider,
    allow_remote_egress: policy.allowRemoteEgress,
    egress_mode: policy.egressMode ?? null,
    allow_off_mode: policy.allowOffMode ?? null,
    tasks: policy.tasks,
    user_policies: policy.userPolicies ?? null,
    updated_by: updatedBy,
  };
}

/**
 * @param where names the row in the error
 * @throws InvalidRowError
 */
export function fromPolicyRow(row: unknown, where: string): TenantLlmPolicy {
  const columns = parseRow(rowObject, where, row);
  return parseRow(policySchema, where, {
    tenantId: columns['tenant_id'],
    defaultModel: columns['default_model'],
    defaultProvider: columns['default_provider'],
    allowRemoteEgress: columns['allow_remote_egress'],
    egressMode: columns['egress_mode'],
    allowOffMode: columns['allow_off_mode'],
    tasks: columns['tasks'],
    userPolicies: columns['user_policies'],
  });
}
