// Applies migrations as `supabase db push` does: files YYYYMMDDHHMMSS_name.sql in the order of their names, each in one
// transaction with its record in supabase_migrations.schema_migrations, none twice. Never changes a file.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { DevstackError } from '../devstack-error.ts';
import { describeSqlError } from './sql-error.ts';

export interface MigrationsOptions {
  readonly databaseUrl: string;
  readonly folder: string;
  /** SQL to run after the migrations, each time; it has no record. */
  readonly seedFile?: string;
}

export interface MigrationsResult {
  /** Versions, in the order in which they were applied. */
  readonly applied: readonly string[];
  /** Versions that had a record already. */
  readonly present: readonly string[];
  /** Files whose names are not those of migrations. */
  readonly ignored: readonly string[];
}

interface Migration {
  readonly version: string;
  readonly name: string;
  readonly file: string;
}

const historySql = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text not null primary key,
  statements text[],
  name text
);`;

/** Two processes that apply to one database at once take turns; any number that nobody else uses does. */
const lockId = 7_235_469_021;

/**
 * @throws DevstackError DEVSTACK_SQL with file, line and PostgreSQL's message when a migration fails (those before it
 *   stay applied), or when the records and the files do not fit each other
 */
export async function applyMigrations(options: MigrationsOptions): Promise<MigrationsResult> {
  const { migrations, ignored } = await readMigrations(options.folder);
  const client = new Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lockId]);
    await client.query(historySql);
    const present = await recordedVersions(client);
    const pending = selectPending(migrations, present);
    for (const migration of pending) await applyOne(client, migration);
    if (options.seedFile !== undefined) await runFile(client, options.seedFile);
    return { applied: pending.map(({ version }) => version), present, ignored };
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<{ migrations: Migration[]; ignored: string[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const migrations: Migration[] = [];
  const ignored: string[] = [];
  for (const fileName of names) {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(fileName) ?? [];
    if (version === undefined || name === undefined) ignored.push(fileName);
    else migrations.push({ version, name, file: path.join(folder, fileName) });
  }
  return { migrations, ignored };
}

async function recordedVersions(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ version: string }>(
    'select version from supabase_migrations.schema_migrations order by version',
  );
  return rows.map(({ version }) => version);
}

/** As `supabase db push`, which refuses what could apply in another order here than elsewhere. */
function selectPending(migrations: readonly Migration[], present: readonly string[]): Migration[] {
  const known = new Set(migrations.map(({ version }) => version));
  const missing = present.filter((version) => !known.has(version));
  if (missing.length > 0) {
    throw new DevstackError(
      'DEVSTACK_SQL',
      `the database holds migrations that have no file: ${missing.join(', ')}`,
    );
  }
  const pending = migrations.filter(({ version }) => !present.includes(version));
  const newest = present.at(-1) ?? '';
  const late = pending.filter(({ version }) => version < newest);
  if (late.length > 0) {
    throw new DevstackError(
      'DEVSTACK_SQL',
      `migrations would be inserted before ${newest}, the last one applied: ${late.map(({ version }) => version).join(', ')}`,
    );
  }
  return pending;
}

async function applyOne(client: Client, { version, name, file }: Migration): Promise<void> {
  await client.query('begin');
  try {
    const text = await runFile(client, file);
    await client.query('reset all');
    await client.query('insert into supabase_migrations.schema_migrations values ($1, $2, $3)', [
      version,
      [text],
      name,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function runFile(client: Client, file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  try {
    await client.query(text);
    return text;
  } catch (cause) {
    const { message, line } = describeSqlError(cause, text);
    const place = line === undefined ? path.basename(file) : `${path.basename(file)}:${line.number}`;
    throw new DevstackError('DEVSTACK_SQL', `${place}: ${message}`, { cause });
  }
}
