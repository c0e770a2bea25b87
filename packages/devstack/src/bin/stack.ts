// `npm run stack`: a stack for a person, on ports that stay the same from day to day, until Ctrl-C.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { announceStack, noteFileFrom } from '../announcement.ts';
import { DevstackError } from '../devstack-error.ts';
import { freePort, isPortFree } from '../processes/free-port.ts';
import { projectRoot } from '../project.ts';
import { type Stack, startStack } from '../stack.ts';

const usualPorts = { api: 54321, database: 54322, redis: 54379 };

/** Always the same, so that keys copied into an .env file work tomorrow. Good for 127.0.0.1 only, as its name says. */
const usualJwtSecret = 'tidemark-devstack-secret-for-local-development-only';

process.exitCode = await main();

async function main(): Promise<number> {
  const stopped = untilStopped();
  try {
    const stack = await startStack({ ports: await choosePorts(), ...seed(), ...reach() });
    try {
      await announceStack(stack, { file: noteFileFrom(process.env) });
      console.log(describe(stack));
      await stopped;
      console.log('\nstopping the stack');
    } finally {
      await stack.close();
    }
    return 0;
  } catch (error) {
    if (!(error instanceof DevstackError)) throw error;
    console.error(error.message);
    return 1;
  }
}

function seed(): { seedFile?: string } {
  const seedFile = path.join(projectRoot, 'supabase', 'seed.sql');
  return existsSync(seedFile) ? { seedFile } : {};
}

/** Whoever lets others reach the API has a secret of his own. */
function reach(): { host?: string; jwtSecret: string } {
  const { TIDEMARK_STACK_HOST: host, TIDEMARK_STACK_JWT_SECRET: jwtSecret } = process.env;
  if (!host) return { jwtSecret: jwtSecret ? jwtSecret : usualJwtSecret };
  if (!jwtSecret) {
    throw new DevstackError(
      'DEVSTACK_OPTION',
      'TIDEMARK_STACK_JWT_SECRET must be set with TIDEMARK_STACK_HOST: the usual one is known to everybody',
    );
  }
  return { host, jwtSecret };
}

/** Ctrl-C comes twice, from the terminal and passed on by the process that started us: once is enough. */
function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  return promise;
}

async function choosePorts(): Promise<{ api: number; database: number; redis?: number }> {
  const api = await choosePort('the API', usualPorts.api);
  const database = await choosePort('the database', usualPorts.database);
  // With REDIS_URL there is no server of ours to give a port to.
  if (process.env['REDIS_URL']) return { api, database };
  return { api, database, redis: await choosePort('Redis', usualPorts.redis) };
}

async function choosePort(name: string, usual: number): Promise<number> {
  if (await isPortFree(usual)) return usual;
  const port = await freePort();
  console.log(`port ${usual} is taken: ${name} is on ${port}`);
  return port;
}

function describe(stack: Stack): string {
  const rows = [
    ['API URL', stack.url],
    ['DB URL', stack.databaseUrl],
    ['Redis URL', stack.redisUrl],
    ['JWT secret', stack.jwtSecret],
    ['anon key', stack.anonKey],
    ['service_role key', stack.serviceRoleKey],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    'A development double of Supabase is running: real PostgreSQL and Redis, the rest is made for tests.',
    '',
    ...rows.map(([name, value]) => `${name.padStart(width)}: ${value}`),
    '',
    'npm run sql -- "select 1" talks to its database. Ctrl-C stops it and removes its data.',
  ].join('\n');
}
