// Who asks: a JWT that Supabase signed, and an account that still is what the token says. Tenant and role come from
// claims that users can't write themselves.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { AuthValidationCache, AuthVerdict } from '@tidemark/stores';
import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { Refusal } from '../routes/refusal.ts';

export interface Caller {
  readonly userId: string;
  readonly tenantId: string;
  /** May change the tenant's policy and configuration. */
  readonly isAdmin: boolean;
  /** May change what holds for all tenants. */
  readonly isOperator: boolean;
}

export interface CallerOptions {
  readonly supabase: SupabaseClient;
  readonly validations: AuthValidationCache;
  readonly supabaseUrl: string;
  /** For projects that sign with a shared secret; others publish their keys. */
  readonly jwtSecret: string | undefined;
}

const claimsSchema = z.object({
  sub: z.string().min(1),
  tenant_id: z.string().optional(),
  app_metadata: z.object({ tenant_id: z.string().optional(), role: z.string().optional() }).default({}),
});

/** A function from the `Authorization` header to the caller. @throws Refusal 401 */
export function createCallerReader(
  options: CallerOptions,
): (authorization: string | undefined) => Promise<Caller> {
  const verify = createVerifier(options);
  const { supabase, validations } = options;
  return async (authorization) => {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new Refusal(401, 'no_token', 'send Authorization: Bearer <token>');
    const claims = claimsSchema.safeParse(await verify(token));
    // An empty claim is none, as in SQL.
    const tenantId = claims.data?.tenant_id || claims.data?.app_metadata.tenant_id;
    if (claims.data === undefined || tenantId === undefined) {
      throw new Refusal(401, 'no_tenant', 'the token names no user of a tenant: set app_metadata.tenant_id');
    }
    // A signature says who somebody was when it was made; this says, at most five minutes old, who he still is.
    const account = await validations.get(claims.data.sub, () => checkAccount(supabase, token));
    if (!account.isValid || (account.tenantId ?? tenantId) !== tenantId) {
      throw new Refusal(401, 'not_valid', 'the account is not what the token says any more: sign in again');
    }
    const { role } = claims.data.app_metadata;
    const isOperator = role === 'operator';
    return { userId: claims.data.sub, tenantId, isAdmin: role === 'admin' || isOperator, isOperator };
  };
}

/** That there is no such account. Any other refusal is one of this token or of the gateway, and says nothing of the user. */
const goneCodes: ReadonlySet<unknown> = new Set(['user_not_found', 'user_banned']);

const accountSchema = z.object({ tenant_id: z.string().optional() });

/** @throws Refusal where it can't be said: "not valid" is an answer, and would be remembered */
async function checkAccount(supabase: SupabaseClient, token: string): Promise<AuthVerdict> {
  const { data, error } = await supabase.auth.getUser(token);
  if (error === null) {
    const tenantId = accountSchema.safeParse(data.user.app_metadata).data?.tenant_id;
    return { isValid: true, ...(tenantId !== undefined && { tenantId }) };
  }
  if (goneCodes.has(error.code)) return { isValid: false };
  const status = error.status === 401 || error.status === 403 ? 401 : 503;
  throw new Refusal(status, 'not_checked', `the account could not be checked: ${error.message}`);
}

function createVerifier({ supabaseUrl, jwtSecret }: CallerOptions): (token: string) => Promise<JWTPayload> {
  const published = createRemoteJWKSet(new URL('/auth/v1/.well-known/jwks.json', supabaseUrl));
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const key: JWTVerifyGetKey = async (header, token) => secret ?? published(header, token);
  return async (token) => {
    try {
      return (await jwtVerify(token, key, { audience: 'authenticated', requiredClaims: ['exp'] })).payload;
    } catch (error) {
      throw new Refusal(401, 'bad_token', `the token is not good: ${(error as Error).message}`);
    }
  };
}
