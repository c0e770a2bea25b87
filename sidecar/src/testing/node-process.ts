// A real process of ours, started from its source as a container would start it: nothing but the given environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class NodeProcess implements AsyncDisposable {
  readonly exited: Promise<ProcessExit>;
  readonly child: ChildProcess;
  #out = '';
  #err = '';

  constructor(mainFile: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ['--conditions=@tidemark/source', mainFile, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text));
    this.exited = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /** What it wrote to the standard output. */
  get out(): string {
    return this.#out;
  }

  /** What it wrote to the standard error. */
  get err(): string {
    return this.#err;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
