// The life of one server through many processes: started, ended, killed, frozen, started again. Shared by PostgreSQL,
// Redis and the Data API; each says how its process is launched and which signal means what.
//
//            end, kill                 freeze
//   stopped <--------- running ----------------> frozen          close() from anywhere ---> closed
//           ---------> (start) <---------------- (thaw; every signal but KILL thaws first)
import { DevstackError } from '../devstack-error.ts';
import { freezeTree, killTree, thawTree } from './process-tree.ts';
import type { ServerProcess } from './server-process.ts';
import { until, withDeadline } from './until.ts';

export class ServerLife {
  readonly #name: string;
  readonly #launch: () => Promise<ServerProcess>;
  #process: ServerProcess | undefined;
  #isFrozen = false;
  #closing: Promise<void> | undefined;

  constructor(name: string, launch: () => Promise<ServerProcess>) {
    this.#name = name;
    this.#launch = launch;
  }

  get pid(): number | undefined {
    return this.#running()?.pid;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  async start(): Promise<void> {
    if (this.#closing !== undefined) throw this.badState('start', 'closed');
    if (this.#running() !== undefined) throw this.badState('start', 'running already');
    this.#process = await this.#launch();
  }

  /**
   * Sends the signal and returns when the process has gone. KILL goes to the whole tree at once, others to its root.
   *
   * @throws DevstackError DEVSTACK_BAD_STATE when it does not run
   */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const running = this.mustRun('kill');
    if (signal === 'SIGKILL') {
      killTree(running.pid);
    } else {
      this.thaw();
      running.signal(signal);
    }
    this.#isFrozen = false;
    await withDeadline(running.exited, { what: `${this.#name} to end` });
    await until(() => running.hasExited(), { what: `${this.#name} to be gone` });
  }

  /** As kill, and nothing to do when it does not run. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#running() !== undefined) await this.kill(signal);
  }

  async freeze(): Promise<void> {
    const { pid } = this.mustRun('freeze');
    this.#isFrozen = true;
    await freezeTree(pid);
  }

  thaw(): void {
    const running = this.#running();
    if (running === undefined || !this.#isFrozen) return;
    this.#isFrozen = false;
    thawTree(running.pid);
  }

  /** Runs `close` once, however often it is called; the server cannot be started afterwards. */
  close(close: () => Promise<void>): Promise<void> {
    return (this.#closing ??= close());
  }

  mustRun(verb: string): ServerProcess {
    const running = this.#running();
    if (running === undefined) throw this.badState(verb, 'stopped');
    return running;
  }

  badState(verb: string, state: string): DevstackError {
    return new DevstackError('DEVSTACK_BAD_STATE', `cannot ${verb} ${this.#name}: it is ${state}`);
  }

  #running(): ServerProcess | undefined {
    return this.#process?.hasExited() === false ? this.#process : undefined;
  }
}
