// After close() nothing is left (convention 23): a process whose cache and engine are closed ends by itself, whatever
// was under way. And maps stay bounded while keys never repeat.
import { type Stack, startStack } from '@tidemark/devstack';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Instances } from './testing/instances.ts';
import { runSoak } from './testing/soak.ts';

let stack: Stack;
let instances: Instances;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instances = await Instances.on(stack, 3);
});

afterEach(async () => {
  stack.redis.thaw();
  await instances.closeStarted();
});

afterAll(async () => {
  await instances.close();
  await stack.close();
});

/** Rejects when the process has to be killed: something kept it alive. */
async function live(redisUrl: string, underWay: string): Promise<string> {
  const program = path.join(import.meta.dirname, 'testing', 'life.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@tidemark/source', program, redisUrl, stack.databaseUrl, underWay],
    { timeout: 60_000, killSignal: 'SIGKILL' },
  );
  return stdout;
}

it('a closed cache leaves no timer and no socket', async () => {
  expect(await live(stack.redisUrl, 'nothing')).toBe('closed\n');
});

it('nor one that was closed in the middle of loads', async () => {
  expect(await live(stack.redisUrl, 'loads')).toBe('closed\n');
});

it('nor one that was closed while it was connecting', async () => {
  expect(await live(stack.redisUrl, 'at once')).toBe('closed\n');
});

it('nor one without Redis', async () => {
  expect(await live('', 'loads')).toBe('closed\n');
});

it('nor one whose Redis was never there, or does not answer', async () => {
  expect(await live('redis://127.0.0.1:1', 'without redis')).toBe('closed\n');
  await stack.redis.freeze();
  expect(await live(stack.redisUrl, 'without redis')).toBe('closed\n');
});

it('memory stays level while keys never repeat, loads fail, and Redis comes and goes (short soak)', async () => {
  const verdict = await runSoak({ stack, instances, durationMs: 15_000 });
  expect(verdict.reads).toBeGreaterThan(1_000);
  expect(verdict.heapGrowth).toBeLessThan(1.5);
});
