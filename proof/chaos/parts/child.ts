// A process of the fault run, seen from the conductor: started, asked, killed, stopped, started again. Owns the child and
// its questions; what it tells goes to whoever started it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '@tidemark/protocol';
import type { Watchdog } from '@tidemark/devstack';
import type { Question, Told } from './messages.ts';

export interface ChildOptions {
  /** Its main file. */
  readonly file: string;
  readonly settings: unknown;
  readonly watchdog: Watchdog;
  readonly onTold: (told: Told) => void;
  /** Added to the environment: libfaketime is switched on by it. */
  readonly environment?: Readonly<Record<string, string>>;
}

export const nodeArguments: readonly string[] = [
  '--conditions=@tidemark/source',
  '--disable-warning=ExperimentalWarning',
];

/** A child that is stopped or starved answers late; one that never answers must not hang the run. */
const answerWithinMs = 60_000;
const keptErrors = 4_000;

export class Child {
  readonly exited: Promise<unknown>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #started = Promise.withResolvers<void>();
  #asked = 0;
  #errors = '';
  #hasExited = false;

  constructor({ file, settings, watchdog, onTold, environment = {} }: ChildOptions) {
    this.#process = spawn(process.execPath, [...nodeArguments, file, JSON.stringify(settings)], {
      // A session of its own: Ctrl-C is the conductor's to hear.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...inheritedEnvironment(), ...environment },
    });
    const { pid } = this.#process;
    if (pid !== undefined) watchdog.addServer(pid, 'SIGKILL');
    this.exited = once(this.#process, 'exit').then(() => {
      this.#hasExited = true;
      if (pid !== undefined) watchdog.removeServer(pid);
      const gone = new Error(`the process of ${file} has ended ${this.#errors}`);
      this.#started.reject(gone);
      for (const { reject } of this.#waiting.values()) reject(gone);
    });
    this.#started.promise.catch(() => undefined);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptErrors);
    });
    // A message to a child that was just killed: its exit is what counts.
    this.#process.on('error', () => undefined);
    this.#process.on('message', (told: Told) => {
      if (told.kind === 'started') this.#started.resolve();
      else if (told.kind === 'answer') this.#waiting.get(told.to)?.resolve(told.answer);
      else onTold(told);
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Resolves when the process is ready for questions. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** @throws Error when the process ends before it answers */
  async ask<T>(question: Question): Promise<T> {
    const number = (this.#asked += 1);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    const cancel = systemClock.schedule(answerWithinMs, () =>
      waiting.reject(
        new Error(`no answer to "${question.kind}" within ${answerWithinMs} ms ${this.#errors}`),
      ),
    );
    if (this.#hasExited) waiting.reject(new Error(`the process has ended ${this.#errors}`));
    else this.#process.send({ number, question });
    try {
      return (await waiting.promise) as T;
    } finally {
      cancel();
      this.#waiting.delete(number);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#hasExited) this.#process.kill(signal);
  }

  /** kill -9, also when it is stopped. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }
}

/** Nothing that could change how a process runs but what finds programs. */
export function inheritedEnvironment(): Record<string, string> {
  // oxlint-disable-next-line no-restricted-properties -- passed on to a child, read nowhere else
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME };
}
