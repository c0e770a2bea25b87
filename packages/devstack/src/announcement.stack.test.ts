import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { announceStack, readAnnouncement } from './announcement.ts';
import { until } from './processes/until.ts';
import { projectRoot } from './project.ts';
import { type Stack, startStack } from './stack.ts';
import { defaultMaxRows, defaultSchemas } from './stack-options.ts';

let stack: Stack;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-note-'));
  file = path.join(folder, 'stack.json');
  stack = await startStack({ migrations: 'none', redis: false, realtime: false, faults: ['postgres'] });
  await announceStack(stack, { file });
});

afterAll(async () => {
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function runSql(statement: string, note = file): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = spawn(
    process.execPath,
    [
      '--conditions=@tidemark/source',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('bin/sql.ts', import.meta.url)),
      ...(statement === '' ? [] : [statement]),
    ],
    { env: { ...process.env, TIDEMARK_STACK_FILE: note } },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.on('close', (code) => resolve({ code, output, errors }));
  return promise;
}

describe('the note about the running stack', () => {
  test('holds its addresses and keys, for the owner only', async () => {
    expect(await readAnnouncement({ file })).toEqual({
      url: stack.url,
      databaseUrl: stack.postgres.url,
      anonKey: stack.anonKey,
      serviceRoleKey: stack.serviceRoleKey,
      jwtSecret: stack.jwtSecret,
      pid: process.pid,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is withdrawn when the stack is closed, but not when another one was announced since', async () => {
    const own = path.join(folder, 'own.json');
    const [first, second] = await Promise.all([
      startStack({ migrations: 'none', redis: false, realtime: false }),
      startStack({ migrations: 'none', redis: false, realtime: false }),
    ]);
    await announceStack(first, { file: own });
    await announceStack(second, { file: own });
    await first.close();
    expect((await readAnnouncement({ file: own }))?.url).toBe(second.url);
    await second.close();
    expect(existsSync(own)).toBe(false);
  });
});

test('a note whose process is dead counts for nothing', async () => {
  const stale = path.join(folder, 'stale.json');
  const { pid } = spawn('true');
  writeFileSync(stale, JSON.stringify({ pid, databaseUrl: stack.databaseUrl }));
  await until(async () => (await readAnnouncement({ file: stale })) === undefined, {
    what: 'the process to end',
  });
});

describe('npm run sql', () => {
  test('prints what a statement brings, past the fault proxy', async () => {
    await stack.proxies.postgres.cut();
    const statement = `create table public.t (id integer); insert into public.t values (1), (2); select * from public.t`;
    expect(await runSql(statement)).toEqual({
      code: 0,
      output: 'CREATE\nINSERT 2\nid\n--\n1\n2\n(2 rows)\n',
      errors: '',
    });
    await stack.proxies.postgres.heal();
  });

  test('says what is wrong with a statement, and where', async () => {
    expect(await runSql('select *\nfrom nowhere')).toEqual({
      code: 1,
      output: '',
      errors: 'relation "nowhere" does not exist (42P01)\nline 2: from nowhere\n             ^\n',
    });
  });

  test('says how it is used, and that nothing runs', async () => {
    expect(await runSql('')).toMatchObject({ code: 1, errors: 'usage: npm run sql -- "select …"\n' });
    expect(await runSql('select 1', path.join(folder, 'missing.json'))).toMatchObject({
      code: 1,
      errors: 'no stack is running: start one with "npm run stack" or "npm run demo" in another terminal\n',
    });
  });

  test('says that the database does not answer', async () => {
    await stack.postgres.stop();
    const { code, errors } = await runSql('select 1');
    expect(code).toBe(1);
    expect(errors).toMatch(/^the database of the running stack does not answer: .*ECONNREFUSED.*\n$/);
    await stack.postgres.start();
  });
});

test('supabase/config.toml says what the stack has as its defaults', () => {
  const config = readFileSync(path.join(projectRoot, 'supabase', 'config.toml'), 'utf8');
  expect(config).toContain(`schemas = ${JSON.stringify(defaultSchemas).replaceAll(',', ', ')}`);
  expect(config).toContain(`max_rows = ${defaultMaxRows}`);
});
