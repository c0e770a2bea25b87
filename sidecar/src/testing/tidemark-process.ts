// A real `tidemark` process, with nothing but the given environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const mainFile = path.join(import.meta.dirname, '..', 'cli', 'main.ts');

export class TidemarkProcess implements AsyncDisposable {
  /** Resolves with the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, ['--conditions=@tidemark/source', mainFile, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text));
    this.exited = once(child, 'close').then(([code]) => code as number | null);
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** As `| head` does when it has enough. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

export interface TidemarkOutcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one command to its end. */
export async function runTidemark(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TidemarkOutcome> {
  await using process = new TidemarkProcess(args, env);
  const code = await process.exited;
  return { code, out: process.out, err: process.err };
}
