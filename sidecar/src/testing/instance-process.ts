// A real instance in a process of its own, which can be stopped and killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Stack } from '@tidemark/devstack';

const mainFile = path.join(import.meta.dirname, 'instance-main.ts');

export class InstanceProcess implements AsyncDisposable {
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(name: string, { redisUrl, databaseUrl }: Stack) {
    this.#child = spawn(
      process.execPath,
      ['--conditions=@tidemark/source', mainFile, name, redisUrl, databaseUrl],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    this.exited = once(this.#child, 'exit');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
