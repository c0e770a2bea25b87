import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, processTree } from './processes/process-tree.ts';
import { until } from './processes/until.ts';

const program = fileURLToPath(new URL('testing/start-a-stack.ts', import.meta.url));

let temporary: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  // Each run has a temp folder of its own: what is in it, and who has it in the environment, belongs to the run.
  temporary = mkdtempSync(path.join(tmpdir(), 'tidemark-test-'));
  chmodSync(temporary, 0o755);
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(temporary, { recursive: true, force: true });
});

/** Starts the program and returns the first line for which `isIt` holds. */
async function runUntil(isIt: (line: string) => boolean, ...programArguments: string[]): Promise<string> {
  child = spawn(
    process.execPath,
    ['--conditions=@tidemark/source', '--disable-warning=ExperimentalWarning', program, ...programArguments],
    {
      env: { ...process.env, REDIS_URL: '', TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout! })) if (isIt(line)) return line;
  throw new Error('the program ended without the line that was waited for');
}

/** Processes that have this run's temp folder in their environment. */
function processesOfThisRun(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isOfThisRun(pid) && isAlive(pid));
}

function isOfThisRun(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TMPDIR=${temporary}`);
  } catch {
    return false;
  }
}

async function nothingIsLeft(): Promise<void> {
  await until(() => readdirSync(temporary).length === 0, { what: 'the folders to be removed' });
  await until(() => processesOfThisRun().length === 0, { what: 'the processes to end' });
}

// Whose processes these are is read from /proc.
describe.skipIf(process.platform !== 'linux')('a process that is killed with -9', () => {
  test('leaves no server and no folder of its stack behind', async () => {
    const line = await runUntil((text) => text.startsWith('{'));
    const { pids } = JSON.parse(line) as { pids: number[] };
    const everything = pids.flatMap((pid) => processTree(pid));
    expect(everything.length).toBeGreaterThan(8);
    expect(readdirSync(temporary).length).toBeGreaterThanOrEqual(2);
    expect(processesOfThisRun().length).toBeGreaterThanOrEqual(4);

    child?.kill('SIGKILL');
    await until(() => everything.every((pid) => !isAlive(pid)), {
      what: 'every process of the stack to end',
    });
    await nothingIsLeft();
  });

  test('leaves nothing behind when a part of its stack is frozen', async () => {
    const line = await runUntil((text) => text.startsWith('{'));
    const [postgres = 0, redis = 0] = (JSON.parse(line) as { pids: number[] }).pids;
    for (const pid of [...processTree(postgres), redis]) process.kill(pid, 'SIGSTOP');
    child?.kill('SIGKILL');
    await nothingIsLeft();
  });

  const moments: ReadonlyArray<readonly [string, string]> = [
    ['PostgreSQL has begun to start', 'postgres:'],
    ['Redis has begun to start', 'redis:'],
    ['PostgreSQL is ready', 'ready to accept connections'],
    ['the Data API is ready', 'data-api: the Data API is ready'],
  ];
  test.each(moments)('leaves nothing behind when %s', async (_, words) => {
    await runUntil((text) => text.includes(words), 'talk');
    child?.kill('SIGKILL');
    await nothingIsLeft();
  });

  test('leaves nothing behind either when it ends by SIGTERM, which it does not handle', async () => {
    await runUntil((text) => text.startsWith('{'));
    child?.kill('SIGTERM');
    await nothingIsLeft();
  });
});
