// The tokens a client shows: at connect, at join, and with setAuth. Owns their check and the recorded texts of a refusal.
// Never decides what a role may see: that is PostgreSQL's.
import { errors, jwtVerify } from 'jose';
import { isRecord } from './frames.ts';

export interface Token {
  readonly text: string;
  readonly role: string;
  /** JSON of the whole payload, as policies read it from request.jwt.claims. */
  readonly claims: string;
  readonly expiresAtMs: number;
}

export type TokenCheck =
  | { readonly kind: 'valid'; readonly token: Token }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export async function checkToken(text: string, secret: string, nowMs: number): Promise<TokenCheck> {
  try {
    const { payload } = await jwtVerify(text, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      currentDate: new Date(nowMs),
    });
    return validToken(text, payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { kind: 'refused', code: 'InvalidJWTToken', message: expiryMessage(error.payload.exp, nowMs) };
    }
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return { kind: 'refused', code: 'JwtSignatureError', message: 'Failed to validate JWT signature' };
    }
    return { kind: 'refused', code: 'MalformedJWT', message: 'The token provided is not a valid JWT' };
  }
}

function validToken(text: string, payload: unknown): TokenCheck {
  const role = isRecord(payload) ? payload['role'] : undefined;
  const expiry = isRecord(payload) ? payload['exp'] : undefined;
  if (typeof role !== 'string' || typeof expiry !== 'number') {
    return {
      kind: 'refused',
      code: 'InvalidJWTToken',
      message: 'Fields `role` and `exp` are required in JWT',
    };
  }
  return {
    kind: 'valid',
    token: { text, role, claims: JSON.stringify(payload), expiresAtMs: expiry * 1_000 },
  };
}

/** As in the recordings 08-*: the seconds are whole. */
export function expiryMessage(expiresAtSeconds: number | undefined, nowMs: number): string {
  const seconds = Math.max(0, Math.floor(nowMs / 1_000) - (expiresAtSeconds ?? 0));
  return `Token has expired ${seconds} seconds ago`;
}
