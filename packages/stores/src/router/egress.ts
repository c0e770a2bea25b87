// Which egress mode a request gets. A pure decision: four candidates speak in turn, the later one wins, but `off` only
// where it is allowed.
import type { EgressMode, LlmUserPolicy, TenantLlmPolicy } from '../policy/policy.ts';

export interface EgressDecision {
  /** What the last candidate that spoke asked for. */
  readonly requestedMode: EgressMode;
  /** What happens: the same, unless `off` was asked for where it isn't allowed. */
  readonly effectiveMode: EgressMode;
}

export interface EgressQuestion {
  /** The router's own mode; obeyed as it is, `off` included. */
  readonly baseMode: EgressMode;
  readonly policy: TenantLlmPolicy | null;
  readonly userId?: string | undefined;
  readonly override?: EgressMode | undefined;
}

export function resolveEgress({ baseMode, policy, userId, override }: EgressQuestion): EgressDecision {
  const user = userPolicyOf(policy, userId);
  const tenantMayTurnOff = policy?.allowOffMode ?? false;
  const userMayTurnOff = user?.allowOffMode ?? tenantMayTurnOff;
  const candidates = [
    { mode: policy?.egressMode, mayTurnOff: tenantMayTurnOff },
    { mode: user?.egressMode, mayTurnOff: userMayTurnOff },
    { mode: override, mayTurnOff: userMayTurnOff },
  ];

  let requestedMode = baseMode;
  let effectiveMode = baseMode;
  for (const { mode, mayTurnOff } of candidates) {
    if (mode === undefined) continue;
    requestedMode = mode;
    if (mode !== 'off' || mayTurnOff) effectiveMode = mode;
  }
  return { requestedMode, effectiveMode };
}

function userPolicyOf(policy: TenantLlmPolicy | null, userId: string | undefined): LlmUserPolicy | undefined {
  const users = policy?.userPolicies;
  // A user called `constructor` must not get what every object inherits.
  if (users === undefined || userId === undefined || !Object.hasOwn(users, userId)) return undefined;
  return users[userId];
}
