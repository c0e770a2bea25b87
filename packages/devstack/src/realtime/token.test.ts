import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { checkToken } from './token.ts';

const secret = 'a-secret-of-the-tests-with-at-least-32-characters';
const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1_000;

async function sign(payload: Record<string, unknown>, key = secret): Promise<string> {
  return await new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(key));
}

test('a valid token names the role, the claims and the hour it expires', async () => {
  const text = await sign({ role: 'authenticated', exp: nowSeconds + 60, tenant_id: 'a' });
  expect(await checkToken(text, secret, nowMs)).toEqual({
    kind: 'valid',
    token: {
      text,
      role: 'authenticated',
      claims: `{"role":"authenticated","exp":${nowSeconds + 60},"tenant_id":"a"}`,
      expiresAtMs: nowMs + 60_000,
    },
  });
});

test.each([
  [
    'expired',
    { role: 'anon', exp: nowSeconds - 10 },
    secret,
    'InvalidJWTToken',
    'Token has expired 10 seconds ago',
  ],
  [
    'of another issuer',
    { role: 'anon', exp: nowSeconds + 9 },
    `${secret}!`,
    'JwtSignatureError',
    'Failed to validate JWT signature',
  ],
  [
    'without a role',
    { exp: nowSeconds + 9 },
    secret,
    'InvalidJWTToken',
    'Fields `role` and `exp` are required in JWT',
  ],
  [
    'without an end',
    { role: 'anon' },
    secret,
    'InvalidJWTToken',
    'Fields `role` and `exp` are required in JWT',
  ],
])('a token %s is refused', async (_what, payload, key, code, message) => {
  expect(await checkToken(await sign(payload, key), secret, nowMs)).toEqual({
    kind: 'refused',
    code,
    message,
  });
});

test.each(['', 'x', 'a.b.c', 'sb_publishable_1234'])('%j is no token', async (text) => {
  expect(await checkToken(text, secret, nowMs)).toMatchObject({ kind: 'refused', code: 'MalformedJWT' });
});

test('an unsigned token is refused, whatever it claims', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'none' })}.${part({ role: 'service_role', exp: nowSeconds + 9 })}.`;
  expect(await checkToken(text, secret, nowMs)).toMatchObject({ kind: 'refused' });
});
