// A real sidecar process, started as a container would start it: nothing but the given environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { until } from '@tidemark/devstack';

const mainFile = path.join(import.meta.dirname, '..', 'main.ts');

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class SidecarProcess implements AsyncDisposable {
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';

  constructor(env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ['--conditions=@tidemark/source', mainFile], {
      env: { TIDEMARK_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.exited = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it wrote to the standard error. */
  get errors(): string {
    return this.#errors;
  }

  get log(): LogLine[] {
    const whole = this.#output.slice(0, this.#output.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Everything it has said. */
  get said(): string {
    return this.#output + this.#errors;
  }

  told(sentence: string): LogLine | undefined {
    return this.log.find(({ msg }) => msg === sentence);
  }

  /** Where it serves, once it does. */
  async url(): Promise<string> {
    await until(() => this.told('the sidecar has started') !== undefined || this.#child.exitCode !== null, {
      what: 'the sidecar to start',
    });
    const url = this.told('the sidecar has started')?.url;
    if (typeof url !== 'string') throw new Error(`the sidecar did not start: ${this.said}`);
    return url;
  }

  async readiness(): Promise<{ status: number; body: Readiness }> {
    const response = await fetch(`${await this.url()}/readyz`);
    return { status: response.status, body: (await response.json()) as Readiness };
  }

  /** Resolves when it does its work; `kind` of its rounds, if given. */
  async ready(kind?: 'working' | 'standby'): Promise<void> {
    await until(
      async () => {
        const { status, body } = await this.readiness();
        return (
          status === 200 && body.engine.namespaces.every(({ loop }) => (kind ?? loop.kind) === loop.kind)
        );
      },
      { what: `the sidecar to be ${kind ?? 'ready'}`, everyMs: 20 },
    );
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

export interface Readiness {
  readonly isReady: boolean;
  readonly problems: readonly string[];
  readonly tables: readonly { readonly table: string; readonly isBestEffort: boolean }[];
  readonly engine: {
    readonly namespaces: readonly { readonly namespace: string; readonly loop: { readonly kind: string } }[];
    readonly hints: readonly { readonly name: string; readonly state: string }[];
  };
}
