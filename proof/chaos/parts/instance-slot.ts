// One of the three instances: its proxy to Redis, its process of the moment, and the history of all its processes.
import path from 'node:path';
import type { FaultProxy, Watchdog } from '@tidemark/devstack';
import type { Commits } from '../judge/commits.ts';
import { ReadLog } from '../judge/reads.ts';
import type { LoadCounts } from '../instance/load-ledger.ts';
import { Child } from './child.ts';
import type { EngineWord, Failure, InstanceSettings, InstanceStatus, Told } from './messages.ts';

export interface SlotOptions {
  readonly settings: Omit<InstanceSettings, 'redisUrl'>;
  readonly proxy: FaultProxy;
  readonly watchdog: Watchdog;
  readonly commits: Commits;
  /** What its embedded engine says. */
  readonly onEngine?: (said: EngineWord) => void;
}

const file = path.join(import.meta.dirname, '..', 'instance', 'main.ts');

/** What a process of the slot recorded; a successor is another instance to whoever judges. */
export interface Recorded extends LoadCounts {
  readonly logs: readonly ReadLog[];
  readonly failures: readonly Failure[];
}

export class InstanceSlot {
  readonly proxy: FaultProxy;
  readonly slot: number;
  readonly #options: SlotOptions;
  #child: Child | undefined;
  #logs: ReadLog[] = [];
  #failures: Failure[] = [];
  #starts = 0;
  #isClosed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.proxy = options.proxy;
    this.slot = options.settings.slot;
  }

  /** @throws Error while it does not run */
  get child(): Child {
    if (this.#child === undefined) throw new Error(`instance ${this.slot} does not run`);
    return this.#child;
  }

  async start(environment?: Readonly<Record<string, string>>): Promise<void> {
    // Ctrl-C in the middle of a fault that starts it again.
    if (this.#isClosed) throw new Error(`instance ${this.slot} is closed`);
    const { settings, watchdog, proxy } = this.#options;
    this.#starts += 1;
    const log = new ReadLog();
    this.#logs.push(log);
    const redisUrl = `redis://127.0.0.1:${proxy.port}`;
    this.#child = new Child({
      file,
      settings: { ...settings, redisUrl, seed: settings.seed + this.#starts * 1_000 },
      watchdog,
      onTold: (told) => this.#hear(log, told),
      ...(environment === undefined ? {} : { environment }),
    });
    await this.#child.started;
    await this.#child.ask({ kind: 'go' });
  }

  #hear(log: ReadLog, told: Told): void {
    if (told.kind === 'commit') this.#options.commits.add(told.commit);
    else if (told.kind === 'engine') this.#options.onEngine?.(told.said);
    else if (told.kind === 'reads') log.addPacked(told.packed);
    else if (told.kind === 'failed') this.#failures.push(told.failure);
  }

  status(): Promise<InstanceStatus> {
    return this.child.ask({ kind: 'status' });
  }

  /** The history since the last time. Loads are those of the process of the moment. */
  async take(): Promise<Recorded> {
    const counts = await this.child.ask<LoadCounts>({ kind: 'flush' });
    const failures = this.#failures;
    const ended = this.#logs.slice(0, -1);
    // The process of the moment goes on in the same log, emptied.
    const current = this.#logs.at(-1) ?? new ReadLog();
    const taken = new ReadLog();
    taken.addPacked(current.take());
    this.#logs = [current];
    this.#failures = [];
    return { ...counts, failures, logs: [...ended, taken] };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#child?.kill();
  }
}
