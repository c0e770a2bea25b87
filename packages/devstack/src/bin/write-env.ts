// `npm run write-env -- --url URL [--file FILE]`: the .env file of a Supabase in containers, with fresh secrets and the keys
// that belong to them. Never overwrites one: what runs was started with what stands there.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeApiKeys, newJwtSecret } from '../keys.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, file: { type: 'string', default: '.env' } },
  });
  const { url, file } = values;
  if (url === undefined || !/^https?:\/\//.test(url)) {
    console.error(
      '--url must be what services call Supabase by, e.g. http://kong:8000 or http://devstack:54321',
    );
    return 2;
  }
  try {
    // For nobody else's eyes.
    writeFileSync(file, await environmentOf(url), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    console.error(`${file} is there already: remove it, or name another with --file`);
    return 1;
  }
  console.log(`wrote ${file} with fresh secrets: keep it, and keep it out of the repository`);
  return 0;
}

async function environmentOf(url: string): Promise<string> {
  const jwtSecret = newJwtSecret();
  const { anonKey, serviceRoleKey } = await makeApiKeys(jwtSecret);
  const variables = {
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: anonKey,
    SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
    SUPABASE_JWT_SECRET: jwtSecret,
    // Hexadecimal: they become parts of URLs.
    POSTGRES_PASSWORD: randomBytes(24).toString('hex'),
    // Realtime asks for exactly sixteen characters here, and for sixty-four at least there.
    REALTIME_ENCRYPTION_KEY: randomBytes(8).toString('hex'),
    REALTIME_SECRET_KEY_BASE: randomBytes(32).toString('hex'),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
