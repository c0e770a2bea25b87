// Who asks: a JWT that Supabase signed, and an account that still is what the token says. Tenant and role come from
// claims that users can't write themselves.
import type { SupabaseClient } from '@supabase/supabase-js';
import type { AuthValidationCache } from '@tidemark/stores';
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
    const tenantId = claims.data?.tenant_id ?? claims.data?.app_metadata.tenant_id;
    if (claims.data === undefined || tenantId === undefined) {
      throw new Refusal(401, 'no_tenant', 'the token names no user of a tenant: set app_metadata.tenant_id');
    }
    // A signature says who somebody was when it was made; this says, at most five minutes old, who he still is.
    const { isValid } = await validations.get(claims.data.sub, async () => {
      const { data, error } = await supabase.auth.getUser(token);
      if (error !== null && ![401, 403, 404].includes(error.status ?? 0)) throw error;
      return { isValid: data.user !== null };
    });
    if (!isValid) throw new Refusal(401, 'not_valid', 'the account is not valid any more: sign in again');
    const { role } = claims.data.app_metadata;
    const isOperator = role === 'operator';
    return { userId: claims.data.sub, tenantId, isAdmin: role === 'admin' || isOperator, isOperator };
  };
}

function createVerifier({ supabaseUrl, jwtSecret }: CallerOptions): (token: string) => Promise<JWTPayload> {
  const published = createRemoteJWKSet(new URL('/auth/v1/.well-known/jwks.json', supabaseUrl));
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const key: JWTVerifyGetKey = async (header, token) => secret ?? published(header, token);
  return async (token) => {
    try {
      return (await jwtVerify(token, key, { audience: 'authenticated' })).payload;
    } catch (error) {
      throw new Refusal(401, 'bad_token', `the token is not good: ${(error as Error).message}`);
    }
  };
}
