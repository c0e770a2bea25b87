import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@supabase/supabase-js';
import { afterEach, expect, test } from 'vitest';
import { isAlive, processTree } from '../processes/process-tree.ts';
import { until } from '../processes/until.ts';

const cleanups: Array<() => void> = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

test('npm run stack prints addresses and keys that work, and ends cleanly with Ctrl-C', async () => {
  // Somebody has one of the usual ports, perhaps us, perhaps another stack of this machine.
  const occupant = createServer();
  occupant.on('error', () => undefined).listen(54_321, '127.0.0.1');
  cleanups.push(() => occupant.close());
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-note-'));
  const note = path.join(folder, 'stack.json');
  const child = spawn(
    process.execPath,
    [
      '--conditions=@tidemark/source',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('stack.ts', import.meta.url)),
    ],
    // The note of a stack that a developer runs meanwhile stays.
    { env: { ...process.env, TIDEMARK_STACK_FILE: note }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  cleanups.push(() => child.kill('SIGKILL'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes('Ctrl-C stops it'), { what: 'the addresses' });
  expect(output).toContain('development double');
  expect(output).toMatch(/port 54321 is taken: the API is on \d+/);

  const url = /API URL: (\S+)/.exec(output)?.[1] ?? '';
  const key = /service_role key: (\S+)/.exec(output)?.[1] ?? '';
  const service = createClient(url, key).schema('copilot_internal');
  const { data } = await service.from('tenant_llm_policies').select('tenant_id');
  expect(data).toEqual([{ tenant_id: 'test-tenant' }]);

  expect(existsSync(note)).toBe(true);
  const processes = processTree(child.pid ?? 0);
  expect(processes.length).toBeGreaterThan(8);
  const exited = once(child, 'exit');
  // A terminal signals the whole group, and the bootstrap passes it on once more.
  child.kill('SIGINT');
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(existsSync(note)).toBe(false);
  await until(() => processes.every((pid) => !isAlive(pid)), { what: 'every process to end' });
});
