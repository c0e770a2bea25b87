// A sidecar: its proxy to Redis and its process of the moment, started as a container would start it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type FaultProxy, until, type Watchdog } from '@tidemark/devstack';
import { inheritedEnvironment, nodeArguments } from './child.ts';
import type { Contestant } from './messages.ts';

export interface SidecarOptions {
  readonly contestant: Contestant;
  readonly slot: number;
  readonly proxy: FaultProxy;
  readonly watchdog: Watchdog;
  /** How it reaches PostgreSQL and Supabase. */
  readonly environment: Readonly<Record<string, string>>;
  /** Each line that it says. */
  readonly onLine?: (line: string) => void;
}

const files: Readonly<Record<Contestant, string>> = {
  tidemark: path.join(import.meta.dirname, '..', '..', '..', 'sidecar', 'src', 'main.ts'),
  naive: path.join(import.meta.dirname, '..', 'naive', 'main.ts'),
};

const keptOutput = 8_000;
/** With two busy cores, and a Redis or PostgreSQL that may be away: the sidecar waits for neither. */
const startWithinMs = 30_000;
const startedSentence = 'the sidecar has started';

export class SidecarSlot {
  readonly proxy: FaultProxy;
  readonly slot: number;
  readonly #options: SidecarOptions;
  #process: ChildProcess | undefined;
  #output = '';
  #isClosed = false;

  constructor(options: SidecarOptions) {
    this.#options = options;
    this.proxy = options.proxy;
    this.slot = options.slot;
  }

  /** The last it said, for whoever looks for the reason of a failure. */
  get output(): string {
    return this.#output;
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    // Ctrl-C in the middle of a fault that starts it again.
    if (this.#isClosed) throw new Error(`sidecar ${this.slot} is closed`);
    const { contestant, proxy, watchdog } = this.#options;
    const child = spawn(process.execPath, [...nodeArguments, files[contestant]], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...inheritedEnvironment(),
        ...this.#options.environment,
        REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
        TIDEMARK_PORT: '0',
        ...environment,
      },
    });
    this.#process = child;
    const { pid } = child;
    if (pid !== undefined) watchdog.addServer(pid, 'SIGKILL');
    child.on('exit', () => pid !== undefined && watchdog.removeServer(pid));
    this.#output = '';
    const { onLine } = this.#options;
    if (onLine !== undefined) createInterface({ input: child.stdout }).on('line', onLine);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutput);
      });
    }
    const isUp = (): boolean => this.#output.includes(startedSentence);
    const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await until(() => isUp() || isGone(), {
      what: `sidecar ${this.slot} to start`,
      deadlineMs: startWithinMs,
    })
      // What it said tells more than that it was late.
      .catch(() => undefined);
    if (!isUp()) throw new Error(`sidecar ${this.slot} did not start: ${this.#output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM. Resolves when it has ended. */
  async leave(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.kill();
  }
}
