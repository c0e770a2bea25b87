import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-env-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function writeEnv(...args: string[]): Promise<{ code: unknown; stderr: string }> {
  const program = path.join(import.meta.dirname, 'write-env.ts');
  try {
    await promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', program, ...args]);
    return { code: 0, stderr: '' };
  } catch (error) {
    return error as { code: unknown; stderr: string };
  }
}

function read(file: string): Record<string, string | undefined> {
  return parseEnv(readFileSync(file, 'utf8'));
}

test('write-env makes fresh secrets, with keys that they sign, for the owner alone', async () => {
  const [one, other] = [path.join(folder, 'one'), path.join(folder, 'other')];
  for (const file of [one, other]) {
    expect(await writeEnv('--url=http://kong:8000', `--file=${file}`)).toMatchObject({ code: 0 });
  }
  const variables = read(one);
  const secret = new TextEncoder().encode(variables['SUPABASE_JWT_SECRET']);
  for (const [name, role] of [
    ['SUPABASE_ANON_KEY', 'anon'],
    ['SUPABASE_SERVICE_ROLE_KEY', 'service_role'],
  ] as const) {
    const { payload } = await jwtVerify(variables[name] ?? '', secret);
    expect(payload['role']).toBe(role);
  }
  expect(variables['SUPABASE_URL']).toBe('http://kong:8000');
  expect(variables['REALTIME_ENCRYPTION_KEY']).toHaveLength(16);
  expect(variables['REALTIME_SECRET_KEY_BASE']?.length).toBeGreaterThanOrEqual(64);
  expect(statSync(one).mode & 0o777).toBe(0o600);
  const same = Object.entries(read(other)).filter(([name, value]) => variables[name] === value);
  expect(same.map(([name]) => name)).toEqual(['SUPABASE_URL']);
});

test('write-env leaves a file that is there as it is', async () => {
  const file = path.join(folder, '.env');
  await writeEnv('--url=http://kong:8000', `--file=${file}`);
  const before = readFileSync(file, 'utf8');
  const { code, stderr } = await writeEnv('--url=http://kong:8000', `--file=${file}`);
  expect(code).toBe(1);
  expect(stderr).toBe(`${file} is there already: remove it, or name another with --file\n`);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('write-env says what it needs', async () => {
  const { code, stderr } = await writeEnv();
  expect(code).toBe(2);
  expect(stderr).toContain('--url must be what services call Supabase by');
});
