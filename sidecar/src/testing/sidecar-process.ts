// A real sidecar process, and what it says of itself.
import path from 'node:path';
import { until } from '@tidemark/devstack';
import { NodeProcess } from './node-process.ts';

const mainFile = path.join(import.meta.dirname, '..', 'main.ts');

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export class SidecarProcess extends NodeProcess {
  constructor(env: Readonly<Record<string, string>>) {
    super(mainFile, [], { TIDEMARK_PORT: '0', ...env });
  }

  get log(): LogLine[] {
    const whole = this.out.slice(0, this.out.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Everything it has said. */
  get said(): string {
    return this.out + this.err;
  }

  told(sentence: string): LogLine | undefined {
    return this.log.find(({ msg }) => msg === sentence);
  }

  /** Where it serves, once it does. */
  async url(): Promise<string> {
    await until(() => this.told('the sidecar has started') !== undefined || this.child.exitCode !== null, {
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
