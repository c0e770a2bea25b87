// A bootstrapped data folder to copy from: initdb and the bootstrap SQL cost half a second, a copy a tenth of it, and
// every test file wants a database of its own. Owns the cache below .tidemark/, keyed by all that went into it; several
// processes may build the same template at once, the first one done wins.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../processes/free-port.ts';
import { makeServerFolder } from '../processes/server-folder.ts';
import { startServerProcess } from '../processes/server-process.ts';
import type { Watchdog } from '../processes/watchdog.ts';
import { privateFolder } from '../project.ts';
import type { PostgresBinaries } from './binaries.ts';
import { bootstrapSql, superuser } from './bootstrap-sql.ts';

const run = promisify(execFile);

// Small WAL segments: a fresh cluster keeps at least one, and it is copied for each start.
const initdbArguments = [
  '--auth=trust',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--locale=C.UTF-8',
  '--lc-messages=C',
  '--wal-segsize=4',
  '--no-sync',
  '--no-instructions',
];

// Passwords are checked as on Supabase; a wrong one in a test must not work here.
const hostAuthentication =
  'host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n';

const unusedAfterMs = 24 * 60 * 60 * 1000;

/** One iteration instead of 4,096: these passwords are public, and each connection would cost milliseconds. */
const scramIterations = 1;

/** The arguments with which every server here runs, whatever it is for. */
export function commonArguments(dataFolder: string, port: number): string[] {
  return ['-D', dataFolder, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='];
}

export const readyLine = 'database system is ready to accept connections';

/**
 * Copies a bootstrapped cluster into `target`, which must not exist; builds the template first if need be.
 */
export async function copyTemplate(
  binaries: PostgresBinaries,
  target: string,
  watchdog: Watchdog,
): Promise<void> {
  const template = templateFolder(binaries);
  if (!existsSync(template)) await buildTemplate(binaries, template, watchdog);
  const now = new Date();
  await utimes(template, now, now);
  await run('cp', ['-a', template, target]);
}

function templateFolder({ version, user }: PostgresBinaries): string {
  const ingredients = [
    version,
    user?.uid,
    initdbArguments,
    bootstrapSql,
    authVersion(),
    scramIterations,
    hostAuthentication,
    process.arch,
  ];
  const key = createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 16);
  return path.join(privateFolder, 'postgres', `${version}-${key}`);
}

function authVersion(): string {
  const manifest = findPackageJSON('@supabase/lite', import.meta.url) ?? '';
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

async function buildTemplate(
  binaries: PostgresBinaries,
  template: string,
  watchdog: Watchdog,
): Promise<void> {
  const workshop = makeServerFolder('tidemark-template-', binaries.user);
  watchdog.addPath(workshop);
  try {
    const data = path.join(workshop, 'data');
    await run(binaries.initdb, ['-D', data, '-U', superuser, ...initdbArguments], {
      cwd: workshop,
      ...binaries.user,
    });
    await bootstrap(binaries, data, watchdog);
    await writeFile(path.join(data, 'pg_hba.conf'), hostAuthentication);
    await publish(data, template);
    await removeUnused(path.dirname(template));
  } finally {
    await rm(workshop, { recursive: true, force: true });
    watchdog.removePath(workshop);
  }
}

async function bootstrap(binaries: PostgresBinaries, data: string, watchdog: Watchdog): Promise<void> {
  const port = await freePort();
  const server = await startServerProcess({
    name: 'PostgreSQL (building the template)',
    program: binaries.postgres,
    arguments: [
      ...commonArguments(data, port),
      '-c',
      'fsync=off',
      '-c',
      `scram_iterations=${scramIterations}`,
    ],
    folder: path.dirname(data),
    isReadyLine: (line) => line.includes(readyLine),
    watchdog,
    endSignal: 'SIGQUIT',
    ...(binaries.user === undefined ? {} : { user: binaries.user }),
  });
  const client = new Client({ host: '127.0.0.1', port, user: superuser, database: 'postgres' });
  try {
    await client.connect();
    await client.query(bootstrapSql);
    // The tables of Auth are the ones that our Auth server knows. Loaded here only: it is slow to load.
    const { getAuthSchemaSql } = await import('@supabase/lite');
    await client.query('set role supabase_auth_admin');
    await client.query(getAuthSchemaSql());
  } finally {
    await client.end();
    server.signal('SIGINT');
    await server.exited;
  }
}

/** Under its final name there is never half a template: the copy gets it by a rename. */
async function publish(data: string, template: string): Promise<void> {
  await mkdir(path.dirname(template), { recursive: true });
  const unfinished = await mkdtemp(`${template}-`);
  try {
    await run('cp', ['-a', data, path.join(unfinished, 'data')]);
    await rename(path.join(unfinished, 'data'), template);
  } catch (error) {
    // Another process was quicker: rename refuses a target that holds something.
    if (!existsSync(template)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Templates of earlier versions, unless somebody used them lately: another checkout state may be copying one now. */
async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const template = path.join(folder, name);
    const { mtimeMs } = await stat(template);
    if (Date.now() - mtimeMs > unusedAfterMs) await rm(template, { recursive: true, force: true });
  }
}
