// A process that may run the rounds: a sidecar, or an instance with an embedded engine. Owns what it takes to break it and
// what it said of itself; knows nothing of Redis.
import { setTimeout as pause } from 'node:timers/promises';
import { type FaultProxy, until } from '@tidemark/devstack';
import type { InstanceSlot } from '../chaos/parts/instance-slot.ts';
import type { EngineWord } from '../chaos/parts/messages.ts';
import type { SidecarSlot } from '../chaos/parts/sidecar-slot.ts';

export interface ContenderParts {
  readonly redisProxy: FaultProxy;
  readonly databaseProxy: FaultProxy;
}

/** Settings of the next process, where they are to be others than those of the last one. */
export type Environment = Readonly<Record<string, string>>;

/** With two busy cores: a start, and the periods in which it watches. */
const settledWithinMs = 60_000;

/** The sentences with which a round loop tells its state. */
const statesBySentence: Readonly<Record<string, 'working' | 'standby' | 'failing'>> = {
  'running the rounds': 'working',
  'another process runs the rounds, standing by': 'standby',
  'rounds fail, nothing is proved': 'failing',
};

/**
 * What both kinds have in common: the state that the log tells, and the generations that the process opened, in whichever
 * namespace: their numbers are drawn from one sequence.
 */
export class Voice {
  /** Of the main namespace; undefined: it has said nothing yet, or does not run. */
  state: 'working' | 'standby' | 'failing' | undefined;
  readonly generations: Set<number> = new Set();

  hear({ namespace, msg, generation }: EngineWord): void {
    if (generation !== undefined) this.generations.add(generation);
    if (namespace !== 'main') return;
    this.state = statesBySentence[msg] ?? this.state;
  }
}

export interface Contender {
  readonly name: string;
  readonly parts: ContenderParts;
  readonly voice: Voice;
  /** Whether a process of it is meant to run. */
  readonly isRunning: boolean;
  /** Resolves when it stands by, or works. */
  start(environment?: Environment): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /**
   * In order: SIGTERM, or the close of the cache. Resolves when the process has ended.
   *
   * @param begun called right before; an instance lets its readers rest first
   */
  leave(begun: () => void): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

export class SidecarContender implements Contender {
  readonly name: string;
  readonly parts: ContenderParts;
  readonly voice: Voice;
  readonly #slot: SidecarSlot;
  isRunning = false;

  constructor(slot: SidecarSlot, voice: Voice, parts: ContenderParts) {
    this.name = `sidecar ${slot.slot}`;
    this.#slot = slot;
    this.voice = voice;
    this.parts = parts;
  }

  async start(environment?: Environment): Promise<void> {
    this.voice.state = undefined;
    await this.#slot.start(environment);
    this.isRunning = true;
    await untilSettled(this);
  }

  async kill(): Promise<void> {
    this.isRunning = false;
    await this.#slot.kill();
  }

  async leave(begun: () => void): Promise<void> {
    this.isRunning = false;
    begun();
    await this.#slot.leave();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#slot.signal(signal);
  }
}

export class InstanceContender implements Contender {
  readonly name: string;
  readonly parts: ContenderParts;
  readonly voice: Voice;
  readonly #slot: InstanceSlot;
  isRunning = true;

  constructor(slot: InstanceSlot, voice: Voice, parts: ContenderParts) {
    this.name = `instance ${slot.slot}`;
    this.#slot = slot;
    this.voice = voice;
    this.parts = parts;
  }

  async start(): Promise<void> {
    this.voice.state = undefined;
    await this.#slot.start();
    this.isRunning = true;
    await untilSettled(this);
  }

  async kill(): Promise<void> {
    this.isRunning = false;
    await this.#slot.child.kill();
  }

  async leave(begun: () => void): Promise<void> {
    this.isRunning = false;
    const { child } = this.#slot;
    await child.ask({ kind: 'rest', readers: true });
    await child.ask({ kind: 'flush' });
    begun();
    await child.ask({ kind: 'close' });
    await child.kill();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#slot.child.signal(signal);
  }
}

/** Resolves when it works or stands by. */
export async function untilSettled({ name, voice }: Contender): Promise<void> {
  await until(() => voice.state === 'working' || voice.state === 'standby', {
    what: `${name} to work or to stand by`,
    deadlineMs: settledWithinMs,
    everyMs: 5,
  });
}

/** Whoever opened the generation, once it has said so. */
export async function ownerOf(
  contenders: readonly Contender[],
  generation: number,
): Promise<Contender | undefined> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const owner = contenders.find(({ voice }) => voice.generations.has(generation));
    if (owner !== undefined) return owner;
    await pause(5);
  }
  return undefined;
}
