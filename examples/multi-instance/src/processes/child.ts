// A process of the demo: started from TypeScript, ended with the demo, its last words kept. Knows nothing of what it
// runs.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Watchdog } from '@tidemark/devstack';

export interface ChildOptions {
  /** For messages: `instance a`. */
  readonly name: string;
  readonly program: URL;
  readonly env: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
  readonly onMessage?: (message: unknown) => void;
  /** The process ended; not told after `end` was asked for. */
  readonly onExit: (reason: string) => void;
}

export interface Child {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, and insists after a while. Idempotent. */
  end(): Promise<void>;
  /** `kill -9`, as a crash does it. */
  kill(): Promise<void>;
}

/** What is told of a child that ended by itself. */
const lastLines = 8;

/** A child has this long to close its connections. */
const graceMs = 5_000;

export function startChild(options: ChildOptions): Child {
  const { name, program, env, watchdog } = options;
  const child = fork(program, {
    execArgv: [
      '--conditions=@tidemark/source',
      '--disable-warning=ExperimentalWarning',
      `--import=${new URL('end-with-parent.ts', import.meta.url).href}`,
    ],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in a terminal goes to the whole group: this process decides the order of the end.
    detached: true,
  });
  const pid = child.pid ?? 0;
  // A stopped process does not notice that its parent is gone; the watchdog wakes and ends it.
  watchdog.addServer(pid, 'SIGTERM');
  const exited = once(child, 'exit');
  const words = keepLastLines(child);
  let isExpected = false;
  child.on('message', (message) => options.onMessage?.(message));
  child.on('exit', (code, signal) => {
    watchdog.removeServer(pid);
    if (!isExpected) options.onExit([`${name} ended with ${signal ?? code}`, ...words].join('\n'));
  });

  async function leave(signal: NodeJS.Signals): Promise<void> {
    isExpected = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGCONT');
    child.kill(signal);
    const insist = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(insist);
  }

  return {
    pid,
    signal: (signal) => void child.kill(signal),
    end: () => leave('SIGTERM'),
    kill: () => leave('SIGKILL'),
  };
}

function keepLastLines(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > lastLines) lines.shift();
    });
  }
  return lines;
}
