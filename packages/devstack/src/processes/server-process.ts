// A server as a child process: started, waited for until it says that it is ready, its last words kept for the error
// message. Owns the child's signals and its entry in the watchdog's list; never knows what kind of server it is.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DevstackError } from '../devstack-error.ts';
import { killTree, signalOne } from './process-tree.ts';
import { defaultDeadlineMs, withDeadline } from './until.ts';
import type { Watchdog } from './watchdog.ts';

export interface ServerCommand {
  /** For messages: "PostgreSQL", "Redis". */
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly environment?: Record<string, string>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The server's log line that says it accepts connections. */
  readonly isReadyLine: (line: string) => boolean;
  readonly onLine?: ((line: string) => void) | undefined;
  readonly watchdog: Watchdog;
  /** What the watchdog ends it with. Default: SIGTERM. */
  readonly endSignal?: NodeJS.Signals;
  readonly readyWithinMs?: number;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves with a sentence on how it ended. Never rejects. */
  readonly exited: Promise<string>;
  readonly hasExited: () => boolean;
  signal(signal: NodeJS.Signals): void;
  /** The last lines the server logged. */
  lastWords(): string;
}

const keptLines = 40;

/**
 * Starts a server and returns when it is ready.
 *
 * @throws DevstackError DEVSTACK_START_FAILED with the server's last words when it ends first, DEVSTACK_TIMEOUT when it
 *   says nothing in time; in both cases nothing is left running
 */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  const child = spawn(command.program, command.arguments, {
    cwd: command.folder,
    // A session of its own: Ctrl-C in a terminal goes to us, and we end the servers in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(command.environment === undefined ? {} : { env: { ...process.env, ...command.environment } }),
    ...command.user,
  });
  const { pid } = child;
  if (pid !== undefined) command.watchdog.addServer(pid, command.endSignal ?? 'SIGTERM');

  const { promise: exited, resolve: sayExited } = Promise.withResolvers<string>();
  const { promise: ready, resolve: sayReady } = Promise.withResolvers<'ready'>();
  const lines: string[] = [];
  let hasExited = false;
  child.on('error', (error) => sayExited(`could not be started: ${error.message}`));
  child.on('exit', () => {
    hasExited = true;
    if (pid !== undefined) command.watchdog.removeServer(pid);
  });
  // Later than 'exit': when the output has been read to its end, too, and lastWords() holds the reason.
  child.on('close', (code, signal) => {
    sayExited(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      command.onLine?.(line);
      if (command.isReadyLine(line)) sayReady('ready');
    });
  }
  const server: ServerProcess = {
    pid: pid ?? 0,
    exited,
    hasExited: () => hasExited || pid === undefined,
    signal: (signal) => {
      if (pid !== undefined && !hasExited) signalOne(pid, signal);
    },
    lastWords: () => lines.join('\n'),
  };
  await waitUntilReady(command, server, ready);
  return server;
}

async function waitUntilReady(
  command: ServerCommand,
  server: ServerProcess,
  ready: Promise<'ready'>,
): Promise<void> {
  let outcome: string;
  try {
    outcome = await withDeadline(Promise.race([ready, server.exited]), {
      what: `${command.name} to be ready`,
      deadlineMs: command.readyWithinMs ?? defaultDeadlineMs * 3,
    });
  } catch (error) {
    if (!server.hasExited()) killTree(server.pid);
    throw error;
  }
  if (outcome === 'ready') return;
  throw new DevstackError(
    'DEVSTACK_START_FAILED',
    `${command.name} ${outcome} before it was ready:\n${server.lastWords()}`,
  );
}
