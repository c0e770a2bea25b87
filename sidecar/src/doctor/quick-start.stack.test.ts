// docs/quick-start.md, run from top to bottom: the tidemark commands, the SQL and the program as they stand there, with
// stand-ins for the tools that only a real project has.
import { applyMigrations, type Stack, startStack, until } from '@tidemark/devstack';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callTidemark } from '../testing/cli-call.ts';
import { runSql } from '../testing/run-sql.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';

const root = path.join(import.meta.dirname, '../../..');

let stack: Stack;
let env: Record<string, string>;
let folder: string;
let migrations: string;
let sidecar: SidecarProcess | undefined;
let application: ChildProcess | undefined;
let printed = '';
let said = '';

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-quick-start-'));
  migrations = path.join(folder, 'migrations');
  cpSync(path.join(root, 'supabase/migrations'), migrations, { recursive: true });
  // A package that depends on all that the program imports.
  symlinkSync(path.join(root, 'packages/stores/node_modules'), path.join(folder, 'node_modules'));
  stack = await startStack({ migrations: 'none' });
  env = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
  };
});

afterAll(async () => {
  if (application?.kill('SIGKILL') === true) await once(application, 'exit');
  await sidecar?.[Symbol.asyncDispose]();
  await stack.close();
  rmSync(folder, { recursive: true });
});

it('the quick start leads from an empty project to a cache that is fresh', async () => {
  const text = readFileSync(path.join(root, 'docs/quick-start.md'), 'utf8');
  const blocks = [...text.matchAll(/^```(sh|sql|ts)\n(.*?)^```/gms)];
  for (const [, language = '', code = ''] of blocks) {
    if (language === 'sql') await runSql(stack.databaseUrl, code);
    else if (language === 'ts') await startApplication(code);
    else for (const command of commandsOf(code)) await run(command);
  }
  await until(() => printed.endsWith('true\n'), { what: 'the application to see the change' });
  expect(new Set(printed.trimEnd().split('\n'))).toEqual(new Set(['false', 'true']));
  // What the page shows of a healthy deployment.
  for (const [, shown = ''] of text.matchAll(/^(ok +[\w-]+) /gm)) expect(said).toContain(shown);
});

/** The file of settings is checked for its names; its values are of the stack. */
function commandsOf(code: string): string[] {
  const file = /^cat > \.env <<'END'\n(.*?)^END\n/ms;
  const [, settings] = file.exec(code) ?? [];
  if (settings !== undefined) {
    expect(settings.match(/^\w+(?==)/gm)).toEqual(Object.keys(env));
  }
  return code.replace(file, '').trim().split('\n');
}

async function run(command: string): Promise<void> {
  const tidemark = 'npm run tidemark -- ';
  if (command.startsWith(tidemark)) {
    const args = command.slice(tidemark.length).split(' ');
    // Where the page means the folder of this repository.
    const where = args[0] === 'track' || args.includes('--fix') ? ['--dir', migrations] : [];
    const { code, out, err } = await callTidemark([...args, ...where], env);
    expect([code, err], `${command}\n${out}`).toEqual([0, '']);
    said += out;
    return;
  }
  switch (command) {
    case 'set -a; . ./.env; set +a':
    case 'npx supabase link':
      return;
    case 'npx supabase db push': {
      const { applied } = await applyMigrations({ databaseUrl: stack.databaseUrl, folder: migrations });
      expect(applied.length).toBeGreaterThan(0);
      await stack.dataApi.reloadSchema();
      return;
    }
    case 'docker compose up -d --wait':
      sidecar = new SidecarProcess(env);
      await sidecar.ready('working');
      return;
    default:
      throw new Error(`the page has a command that nobody tries: ${command}`);
  }
}

async function startApplication(code: string): Promise<void> {
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(folder, 'application.ts'), code);
  const child = spawn(process.execPath, ['--conditions=@tidemark/source', 'application.ts'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  application = child;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  await until(() => printed.includes('false\n') || child.exitCode !== null, {
    what: 'the application to print the flag',
  });
}
