// A deployment to measure: a local stack, one process with the rounds, a few with an instance each. Owns the processes and
// ends them; decides nothing about what is measured.
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { type Stack, until } from '@tidemark/devstack';
import type { DropMessage, HintPath, JournalPath, SidecarReport } from './messages.ts';

export interface DeploymentOptions {
  readonly stack: Stack;
  readonly journal: JournalPath;
  readonly hint: HintPath;
  readonly instances: number;
  /** The one that changes. */
  readonly table: string;
}

export class Deployment implements AsyncDisposable {
  readonly #sidecar: ChildProcess;
  readonly #instances: readonly ChildProcess[];
  /** `drop`: an instance has dropped keys. */
  readonly #events = new EventEmitter();

  private constructor(sidecar: ChildProcess, instances: readonly ChildProcess[]) {
    this.#sidecar = sidecar;
    this.#instances = instances;
    for (const instance of instances) {
      instance.on('message', (message) => this.#events.emit('drop', message));
    }
  }

  /** Resolves when hints are heard and every instance has its lease. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const { stack, journal, hint, instances, table } = options;
    const { url: supabaseUrl, serviceRoleKey, databaseUrl, redisUrl } = stack;
    const sidecar = start('sidecar', { journal, hint, supabaseUrl, serviceRoleKey, databaseUrl, redisUrl });
    const started = Array.from({ length: instances }, () => start('instance', { redisUrl, table }));
    const ready = Promise.all(started.map((instance) => once(instance, 'message')));
    const deployment = new Deployment(sidecar, started);
    await ready;
    await until(
      async () => (await deployment.report()).status.hints.every(({ state }) => state === 'listening'),
      {
        what: 'the hints to be heard',
      },
    );
    return deployment;
  }

  onDrop(hear: (drop: DropMessage) => void): void {
    this.#events.on('drop', hear);
  }

  get instances(): number {
    return this.#instances.length;
  }

  /** What the rounds have noted since the last report. */
  async report(): Promise<SidecarReport> {
    const answer = once(this.#sidecar, 'message');
    this.#sidecar.send('report');
    const [report] = (await answer) as [SidecarReport];
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const children = [this.#sidecar, ...this.#instances];
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
  }
}

function start(part: 'sidecar' | 'instance', order: object): ChildProcess {
  const file = path.join(import.meta.dirname, part, 'main.ts');
  return fork(file, [JSON.stringify(order)], { execArgv: ['--conditions=@tidemark/source'] });
}
