// The key of a level: of its cache entry, and encoded that of its row, `global`, `{tenant}` or `{tenant}:{user}`. SQL
// makes the same (`config_scope_key`).
import { globalScope } from '../schema/text.ts';
import type { ConfigIdentity } from './config.ts';

/** Everybody's and a tenant's are plain texts, which a hit encodes without making a new one. */
export type ScopeKey = string | readonly [tenantId: string, userId: string];

export const globalKey: ScopeKey = globalScope;

/** @param level of everybody without a tenant, of a tenant without a user */
export function scopeKeyOf({ tenantId, userId }: Partial<ConfigIdentity>): ScopeKey {
  if (tenantId === undefined) return globalKey;
  return userId === undefined ? tenantId : [tenantId, userId];
}

/** The levels that apply, from the widest to the narrowest. */
export function scopeKeysOf(identity: ConfigIdentity): ScopeKey[] {
  const { tenantId, userId } = identity;
  return userId === undefined ? [globalKey, tenantId] : [globalKey, tenantId, [tenantId, userId]];
}
