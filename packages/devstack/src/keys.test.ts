import { jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { makeApiKeys, newJwtSecret, signJwt } from './keys.ts';

const secret = 'a-secret-with-more-than-thirty-two-characters';

async function read(token: string, key = secret): Promise<Record<string, unknown>> {
  return (await jwtVerify(token, new TextEncoder().encode(key), { algorithms: ['HS256'] })).payload;
}

test('the keys of a stack name their role, and one secret always gives the same', async () => {
  const keys = await makeApiKeys(secret);
  expect(await read(keys.anonKey)).toMatchObject({ iss: 'supabase', role: 'anon' });
  expect(await read(keys.serviceRoleKey)).toMatchObject({ iss: 'supabase', role: 'service_role' });
  expect(await makeApiKeys(secret)).toEqual(keys);
  await expect(read(keys.anonKey, newJwtSecret())).rejects.toThrow('signature verification failed');
});

test('a token is good at once, for authenticated unless it says otherwise, and for an hour', async () => {
  const payload = await read(await signJwt(secret, { sub: 'u', tenant_id: 't' }));
  expect(payload).toMatchObject({ sub: 'u', tenant_id: 't', role: 'authenticated' });
  expect(Number(payload['exp']) - Number(payload['iat'])).toBe(3_601);
  expect(await read(await signJwt(secret, { role: 'service_role' }))).toMatchObject({ role: 'service_role' });
});

test('a token may have expired', async () => {
  await expect(signJwt(secret, {}, { expiresInSeconds: -1 }).then((token) => read(token))).rejects.toThrow(
    '"exp"',
  );
});

test('secrets are long enough, and never the same', () => {
  expect(newJwtSecret().length).toBeGreaterThanOrEqual(32);
  expect(newJwtSecret()).not.toBe(newJwtSecret());
});
