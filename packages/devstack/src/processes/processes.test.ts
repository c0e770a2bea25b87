import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, isPortFree, onFreePort } from './free-port.ts';
import { freezeTree, isAlive, killTree, processTree, thawTree } from './process-tree.ts';
import { type ServerCommand, startServerProcess } from './server-process.ts';
import { until, withDeadline } from './until.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const watchdogs: Watchdog[] = [];

afterEach(async () => {
  for (const watchdog of watchdogs.splice(0)) await watchdog.close();
});

function watch(): Watchdog {
  const watchdog = startWatchdog();
  watchdogs.push(watchdog);
  return watchdog;
}

/** A server in the sense of this package: a shell that says something and waits. */
function shell(script: string, more: Partial<ServerCommand> = {}): ServerCommand {
  return {
    name: 'the shell',
    program: '/bin/sh',
    arguments: ['-c', script],
    folder: tmpdir(),
    isReadyLine: (line) => line === 'ready',
    watchdog: watch(),
    ...more,
  };
}

describe('a free port', () => {
  test('is below the ports of outgoing connections, and free', async () => {
    const port = await freePort();
    expect(port).toBeLessThan(32_768);
    expect(await isPortFree(port)).toBe(true);
  });

  test('is tried again when somebody else took it first, but not when it was asked for', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const tried: number[] = [];
    const start = async (port: number): Promise<number> => {
      tried.push(port);
      if (tried.length < 3) throw new Error(`bind: Address already in use`);
      return port;
    };
    expect(await onFreePort(undefined, start)).toBe(tried[2]);
    tried.length = 0;
    await expect(onFreePort(1, start)).rejects.toThrow('Address already in use');
    expect(tried).toEqual([1]);
    expect(await isPortFree((taken.address() as { port: number }).port)).toBe(false);
    taken.close();
  });

  test('another failure is told at once', async () => {
    let tries = 0;
    const start = async (): Promise<never> => {
      tries += 1;
      throw new Error('something else');
    };
    await expect(onFreePort(undefined, start)).rejects.toThrow('something else');
    expect(tries).toBe(1);
  });
});

describe('a server process', () => {
  test('is ready when it says so, and its end is told', async () => {
    const lines: string[] = [];
    const server = await startServerProcess(
      shell('echo hello; echo ready; exec sleep 1000', { onLine: (line) => lines.push(line) }),
    );
    expect([server.hasExited(), isAlive(server.pid), lines]).toEqual([false, true, ['hello', 'ready']]);
    server.signal('SIGTERM');
    expect(await server.exited).toBe('was ended by SIGTERM');
    expect([server.hasExited(), isAlive(server.pid)]).toEqual([true, false]);
  });

  test('that ends first is an error with its last words', async () => {
    await expect(startServerProcess(shell('echo one; echo two >&2; exit 3'))).rejects.toMatchObject({
      code: 'DEVSTACK_START_FAILED',
      message: expect.stringMatching(
        /^the shell ended with code 3 before it was ready:\n(one\ntwo|two\none)$/,
      ) as string,
    });
  });

  test('that says nothing in time is killed, with its children', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-silent-'));
    const pids: string[] = [];
    const command = shell('sleep 1000 & echo $!; echo $$; wait', {
      readyWithinMs: 300,
      onLine: (line) => pids.push(line),
    });
    await expect(startServerProcess(command)).rejects.toMatchObject({ code: 'DEVSTACK_TIMEOUT' });
    expect(pids).toHaveLength(2);
    await until(() => pids.every((pid) => !isAlive(Number(pid))), { what: 'both to be gone' });
    rmSync(folder, { recursive: true });
  });

  test('that cannot be started says why', async () => {
    await expect(startServerProcess(shell('', { program: '/no/such/program' }))).rejects.toThrow(
      'the shell could not be started: spawn /no/such/program ENOENT',
    );
  });
});

describe('a process tree', () => {
  test('is frozen, thawed and killed as one', async () => {
    const child = spawn('/bin/sh', ['-c', 'sh -c "sleep 1000 & wait" & wait'], { stdio: 'ignore' });
    const root = child.pid ?? 0;
    await until(() => processTree(root).length === 3, { what: 'three generations' });
    const tree = processTree(root);
    expect(tree[0]).toBe(root);
    await freezeTree(root);
    expect(processTree(root)).toEqual(tree);
    thawTree(root);
    killTree(root);
    await until(() => tree.every((pid) => !isAlive(pid)), { what: 'all of them to be gone' });
  });

  test('of a process that does not exist is empty', () => {
    expect(processTree(2 ** 30)).toEqual([]);
    expect(() => killTree(2 ** 30)).not.toThrow();
  });
});

describe('the watchdog', () => {
  test('ends servers and removes paths that are left when its pipe ends, and nothing that was taken off', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-watched-'));
    for (const name of ['left', 'kept']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'file with a blank'), '');
    const [left, kept] = ['left', 'kept'].map(() => spawn('sleep', ['1000'], { stdio: 'ignore' }));
    const watchdog = watch();
    watchdog.addServer(left?.pid ?? 0, 'SIGTERM');
    watchdog.addServer(kept?.pid ?? 0, 'SIGTERM');
    watchdog.removeServer(kept?.pid ?? 0);
    for (const name of ['left', 'kept', 'file with a blank']) watchdog.addPath(path.join(folder, name));
    watchdog.removePath(path.join(folder, 'kept'));
    await Promise.all([watchdog.close(), watchdog.close()]);
    await until(() => !isAlive(left?.pid ?? 0), { what: 'the server to end' });
    expect(isAlive(kept?.pid ?? 0)).toBe(true);
    expect(['left', 'kept', 'file with a blank'].map((name) => existsSync(path.join(folder, name)))).toEqual([
      false,
      true,
      false,
    ]);
    kept?.kill();
    rmSync(folder, { recursive: true });
  });

  test('ends a server that does not listen to its signal, a frozen one too', async () => {
    const deaf = spawn('/bin/sh', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done']);
    await once(deaf.stdout, 'data');
    const frozen = spawn('sleep', ['1000'], { stdio: 'ignore' });
    process.kill(frozen.pid ?? 0, 'SIGSTOP');
    const watchdog = watch();
    for (const { pid } of [deaf, frozen]) watchdog.addServer(pid ?? 0, 'SIGTERM');
    await watchdog.close();
    await until(() => ![deaf, frozen].some(({ pid }) => isAlive(pid ?? 0)), { what: 'both to be gone' });
  });
});

describe('waiting', () => {
  test('ends with the condition, or says for what it waited', async () => {
    let looks = 0;
    await until(() => (looks += 1) > 2, { what: 'three looks' });
    expect(looks).toBe(3);
    await expect(until(() => false, { what: 'the moon', deadlineMs: 20 })).rejects.toMatchObject({
      code: 'DEVSTACK_TIMEOUT',
      message: 'gave up waiting for the moon after 20 ms',
    });
    const never = new Promise<never>(() => undefined);
    await expect(withDeadline(never, { what: 'the moon', deadlineMs: 20 })).rejects.toThrow(
      'gave up waiting for the moon',
    );
    expect(await withDeadline(Promise.resolve(7), { what: 'seven' })).toBe(7);
  });
});
