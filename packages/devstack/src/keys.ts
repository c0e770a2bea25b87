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

/** 2026-01-01. Printed keys are good for ten years, as Supabase's are. */
const keysIssuedAt = 1_767_225_600;
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

/**
 * The two keys of a stack. One secret always gives the same keys, so that those in somebody's .env file stay good.
 */
export async function makeApiKeys(secret: string): Promise<ApiKeys> {
  const [anonKey, serviceRoleKey] = await Promise.all([
    makeApiKey(secret, 'anon'),
    makeApiKey(secret, 'service_role'),
  ]);
  return { anonKey, serviceRoleKey };
}

function makeApiKey(secret: string, role: string): Promise<string> {
  return new SignJWT({ iss: 'supabase', ref: 'tidemark', role })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(keysIssuedAt)
    .setExpirationTime(keysIssuedAt + tenYearsInSeconds)
    .sign(new TextEncoder().encode(secret));
}
