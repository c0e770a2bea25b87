// Our end of the watchdog: a small process that outlives this one by a moment and ends what it started. Owns the pipe to
// it and the list of what must not survive us. The end of the pipe is the message: the kernel closes it when this
// process dies, also by kill -9. Never ends anything while this process lives.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Watchdog {
  readonly pid: number;
  /** Ends this server with `signal` when we die. To be called in the same tick as its spawn. */
  addServer(pid: number, signal: NodeJS.Signals): void;
  /** The server ended by itself: its pid may belong to somebody else by now. */
  removeServer(pid: number): void;
  /** Removes this file or folder when we die, after the servers have ended. */
  addPath(target: string): void;
  removePath(target: string): void;
  /** Closes the pipe and waits until the watchdog has finished. */
  close(): Promise<void>;
}

export function startWatchdog(): Watchdog {
  const here = fileURLToPath(import.meta.url);
  // The same file runs as TypeScript from src and as JavaScript from dist.
  const program = path.join(path.dirname(here), `watchdog-main${path.extname(here)}`);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    // A session of its own: Ctrl-C in the terminal must not end it before its work is done.
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  // The watchdog was killed by hand: there is nobody left to tell, and nothing to do about it.
  child.stdin.on('error', () => undefined);
  const tell = (line: string): void => void child.stdin.write(`${line}\n`);
  let closing: Promise<void> | undefined;
  return {
    pid: child.pid ?? 0,
    addServer: (pid, signal) => tell(`server ${pid} ${signal}`),
    removeServer: (pid) => tell(`ended ${pid}`),
    addPath: (target) => tell(`path ${target}`),
    removePath: (target) => tell(`removed ${target}`),
    close: () => (closing ??= end(child)),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.ref();
  child.stdin?.end();
  await exited;
}
