// The parent's end of an instance. Knows that its process may end by itself: that is a finding about its library.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { InstanceOrder, Order, Reply, Readings } from './messages.ts';

const program = path.join(import.meta.dirname, 'instance', 'main.ts');

export class Instance implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @throws Error when the library can't be opened; no process is left then */
  static async open(order: InstanceOrder): Promise<Instance> {
    const child = fork(program, [JSON.stringify(order)], {
      execArgv: ['--conditions=@tidemark/source', '--disable-warning=ExperimentalWarning'],
      // Peers tell of a lost connection there, at length.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const instance = new Instance(child);
    try {
      await instance.#answer();
      return instance;
    } catch (error) {
      await instance[Symbol.asyncDispose]();
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async read(key: string): Promise<number> {
    const reply = await this.#ask({ kind: 'read', key });
    return reply.kind === 'read' ? reply.version : Number.NaN;
  }

  /** @returns when the source had committed it */
  async write(key: string, version: number): Promise<number> {
    const reply = await this.#ask({ kind: 'write', key, version });
    return reply.kind === 'written' ? reply.committedMs : Number.NaN;
  }

  /** Resolves when the load of this read has its row, and is held. */
  async begin(key: string): Promise<void> {
    await this.#ask({ kind: 'begin', key });
  }

  async end(key: string): Promise<void> {
    await this.#ask({ kind: 'end', key });
  }

  /** @returns null when the process has ended meanwhile */
  async keepReading(key: string, version: number, durationMs: number): Promise<Readings | null> {
    try {
      const reply = await this.#ask({ kind: 'keep-reading', key, version, durationMs });
      return reply.kind === 'kept-reading' ? reply : null;
    } catch (error) {
      if (this.hasEnded) return null;
      throw error;
    }
  }

  async #ask(order: Order): Promise<Reply> {
    const answer = this.#answer();
    this.#child.send(order, () => {
      // A process that has ended is told of by its exit.
    });
    return answer;
  }

  async #answer(): Promise<Reply> {
    if (this.hasEnded) throw new Error('the process of the instance has ended');
    const over = new AbortController();
    const { signal } = over;
    try {
      const answer = once(this.#child, 'message', { signal }) as Promise<[Reply]>;
      const end = once(this.#child, 'exit', { signal }).then(([code]): never => {
        throw new Error(`the process of the instance ended with code ${code}`);
      });
      end.catch(() => {});
      const [reply] = await Promise.race([answer, end]);
      if (reply.kind === 'failed') throw new Error(reply.reason);
      return reply;
    } finally {
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
