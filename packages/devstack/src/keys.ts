// The keys of a stack: HS256 tokens over its secret, of the form Supabase calls legacy keys. Pure but for randomness.
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';

export interface JwtOptions {
  /** Seconds from now, may be negative for a token that has expired. Default: one hour. */
  readonly expiresInSeconds?: number;
}

export interface ApiKeys {
  readonly anonKey: string;
  readonly serviceRoleKey: string;
}

/** Printed keys outlive every session of work, as Supabase's do. */
const tenYearsInSeconds = 10 * 365 * 24 * 60 * 60;

/** Clocks are read in whole seconds, and a token of the next second would be refused. */
const issuedAgoSeconds = 1;

export function newJwtSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A token signed with the stack's secret. `role` says which database role it becomes (default: authenticated).
 */
export async function signJwt(
  secret: string,
  claims: Readonly<Record<string, unknown>>,
  { expiresInSeconds = 3_600 }: JwtOptions = {},
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT({ role: 'authenticated', aud: 'authenticated', ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(nowSeconds - issuedAgoSeconds)
    .setExpirationTime(nowSeconds + expiresInSeconds)
    .sign(new TextEncoder().encode(secret));
}

export async function makeApiKeys(secret: string): Promise<ApiKeys> {
  const [anonKey, serviceRoleKey] = await Promise.all(
    ['anon', 'service_role'].map((role) =>
      signJwt(
        secret,
        { iss: 'supabase', ref: 'tidemark', role, aud: undefined },
        { expiresInSeconds: tenYearsInSeconds },
      ),
    ),
  );
  return { anonKey: anonKey ?? '', serviceRoleKey: serviceRoleKey ?? '' };
}
