// The parent's end of a contestant's process.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { systemClock } from '@tidemark/protocol';
import type { Order, Reply, Times } from './contestant.ts';

const closeTimeoutMs = 2_000;

const program = path.join(import.meta.dirname, 'main.ts');

export interface Entrant {
  /** In tables; unique in its contest. */
  readonly name: string;
  /** URL of a module that exports `open`. */
  readonly module: string;
  /** For `open`; default: the name of the entrant. */
  readonly contestant?: string;
  /** For `open`; JSON. */
  readonly setting: unknown;
  /** More arguments for Node: `--expose-gc`. */
  readonly nodeArguments?: readonly string[];
}

export class ContestantProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor({ name, nodeArguments = [] }: Entrant) {
    this.#name = name;
    this.#child = fork(program, {
      execArgv: ['--conditions=@tidemark/source', '--disable-warning=ExperimentalWarning', ...nodeArguments],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** @throws Error when the contestant can't be opened; no process is left then */
  static async open(entrant: Entrant): Promise<ContestantProcess> {
    const process = new ContestantProcess(entrant);
    try {
      const { module, contestant = entrant.name, setting } = entrant;
      await process.#ask({ kind: 'open', module, name: contestant, setting });
      return process;
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @returns what the process itself has measured */
  async run(count: number): Promise<Times> {
    const reply = await this.#ask({ kind: 'run', count });
    if (reply.kind !== 'ran') throw new Error(`${this.#name} answered "${reply.kind}" to a run`);
    return reply;
  }

  async #ask(order: Order): Promise<Reply> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const answer = once(this.#child, 'message', { signal }) as Promise<[Reply]>;
      const end = once(this.#child, 'exit', { signal }).then(([code]): never => {
        throw new Error(`the process of ${this.#name} ended with code ${code}`);
      });
      end.catch(() => {});
      this.#child.send(order);
      const [reply] = await Promise.race([answer, end]);
      if (reply.kind === 'failed') throw new Error(`${this.#name}: ${reply.reason}`);
      return reply;
    } finally {
      over.abort();
    }
  }

  /** In order if it can be done in time; a library that hangs in its own close is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const cancel = systemClock.schedule(closeTimeoutMs, () => this.#child.kill('SIGKILL'));
    try {
      await this.#ask({ kind: 'close' }).catch(() => {});
      if (this.#child.connected) this.#child.disconnect();
      await ended;
    } finally {
      cancel();
    }
  }
}
