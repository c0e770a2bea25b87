// Where a request goes: provider, model, limits and egress mode, from the tenant's policy and the router's defaults. A
// pure decision that calls nobody.
import { RoutingError } from '../errors.ts';
import {
  localProvider,
  type EgressMode,
  type LlmTaskPolicy,
  type TenantLlmPolicy,
} from '../policy/policy.ts';
import { resolveEgress, type EgressDecision } from './egress.ts';
import type { RoutingOptions } from './routing-options.ts';

export interface RouterDefaults {
  readonly provider: string;
  readonly model: string;
  readonly egressMode: EgressMode;
}

export interface Route extends EgressDecision {
  readonly provider: string;
  readonly model: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  /** Who named the provider: the task's entry, the policy's default, or the router's. */
  readonly decidedBy: 'task' | 'policy' | 'router';
}

interface Target {
  readonly provider: string;
  readonly model: string;
  readonly decidedBy: Route['decidedBy'];
  readonly entry?: LlmTaskPolicy | undefined;
}

/**
 * @param policy null when there is no tenant, or the tenant has none
 * @throws RoutingError `LOCAL_PROVIDER_MISSING`
 */
export function resolveRoute(
  policy: TenantLlmPolicy | null,
  options: RoutingOptions,
  defaults: RouterDefaults,
): Route {
  const { provider, model, decidedBy, entry } = resolveTarget(policy, options.task, defaults);
  const temperature = entry?.temperature ?? options.temperature;
  const maxTokens = entry?.maxTokens ?? options.maxTokens;
  return {
    provider,
    model: options.model ?? model,
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxTokens }),
    decidedBy,
    ...resolveEgress({
      baseMode: defaults.egressMode,
      policy,
      userId: options.userId,
      override: options.egressModeOverride,
    }),
  };
}

function resolveTarget(
  policy: TenantLlmPolicy | null,
  task: string | undefined,
  defaults: RouterDefaults,
): Target {
  if (policy === null) return { ...defaults, decidedBy: 'router' };
  const entries = task === undefined ? [] : policy.tasks.filter((entry) => entry.task === task);
  // Only local entries count where data may not leave; a remote one gives way to the policy's default.
  const entry = policy.allowRemoteEgress
    ? entries[0]
    : entries.find(({ provider }) => provider === localProvider);
  if (entry !== undefined) {
    return { provider: entry.provider, model: entry.model, decidedBy: 'task', entry };
  }
  if (!policy.allowRemoteEgress && policy.defaultProvider !== localProvider) {
    throw new RoutingError(
      'LOCAL_PROVIDER_MISSING',
      `the policy of tenant ${JSON.stringify(policy.tenantId)} forbids remote egress but names no local model` +
        `${task === undefined ? '' : ` for task ${JSON.stringify(task)}`}: ` +
        `add a task entry with provider "${localProvider}", or make it the default provider`,
    );
  }
  return { provider: policy.defaultProvider, model: policy.defaultModel, decidedBy: 'policy' };
}
