// What became of each change at each instance: when it dropped its old entry, when it first answered with the new row.
// Owns the changes of this run and the history of each row; takes every time from its callers.
import type { State } from './judge.ts';

export interface ChangeOptions {
  /** For people: `update acme`. */
  readonly what: string;
  /** What each watched tenant's answer will be. Tenants that nobody asks for are left out. */
  readonly texts: ReadonlyMap<string, string>;
  readonly beganMs: number;
}

/** Times are those of the events themselves; undefined: not yet. */
interface Arrival {
  readonly droppedMs: number | undefined;
  /** Every watched tenant of the change was answered anew. */
  readonly freshMs: number | undefined;
}

export interface TrackedChange {
  readonly id: number;
  readonly what: string;
  readonly beganMs: number;
  readonly committedMs: number | undefined;
  readonly tenants: ReadonlySet<string>;
  /** By the name of the instance. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
}

export interface BegunChange {
  readonly change: TrackedChange;
  readonly commit: (committedMs: number) => void;
}

class Progress {
  droppedMs: number | undefined;
  freshMs: number | undefined;
  readonly awaited: Map<string, string>;

  constructor(texts: ReadonlyMap<string, string>) {
    this.awaited = new Map(texts);
  }
}

class Tracked implements TrackedChange {
  readonly id: number;
  readonly what: string;
  readonly beganMs: number;
  readonly tenants: ReadonlySet<string>;
  readonly arrivals: Map<string, Progress>;
  committedMs: number | undefined;

  constructor(id: number, { what, texts, beganMs }: ChangeOptions, instances: readonly string[]) {
    this.id = id;
    this.what = what;
    this.beganMs = beganMs;
    this.tenants = new Set(texts.keys());
    this.arrivals = new Map(instances.map((name) => [name, new Progress(texts)]));
  }
}

/** Enough to judge answers by, however fast a row changes; the oldest go first. */
const maxStates = 256;

/** Drops that came before the news of their change: kept to be matched when it arrives. */
const maxEarlyDrops = 64;

interface Drop {
  readonly instance: string;
  readonly keys: readonly string[] | null;
  readonly atMs: number;
}

export class ChangeTracker {
  readonly #instances: readonly string[];
  readonly #maxChanges: number;
  readonly #states = new Map<string, State[]>();
  readonly #drops: Drop[] = [];
  #changes: Tracked[] = [];
  #lastId = 0;

  /** @param maxChanges how many are remembered; the oldest go first */
  constructor(instances: readonly string[], maxChanges: number) {
    this.#instances = instances;
    this.#maxChanges = maxChanges;
  }

  get changes(): readonly TrackedChange[] {
    return this.#changes;
  }

  /** Begins to watch a tenant whose row has been like this for long. */
  watch(tenant: string, text: string): void {
    this.#states.set(tenant, [{ text, beganMs: Number.NEGATIVE_INFINITY }]);
  }

  /** What is still awaited of it stays awaited; its answers are no longer judged. */
  unwatch(tenant: string): void {
    this.#states.delete(tenant);
  }

  statesOf(tenant: string): readonly State[] {
    return this.#states.get(tenant) ?? [];
  }

  /** @returns what to call with the time of the acknowledgement */
  begin(options: ChangeOptions): BegunChange {
    this.#lastId += 1;
    const change = new Tracked(this.#lastId, options, this.#instances);
    this.#changes = [...this.#changes, change].slice(-this.#maxChanges);
    const begun: State[] = [];
    for (const [tenant, text] of options.texts) {
      const states = this.#states.get(tenant);
      if (states === undefined) throw new Error(`${tenant} is changed before it is watched`);
      const state: State = { text, beganMs: options.beganMs };
      begun.push(state);
      states.push(state);
      if (states.length > maxStates) states.shift();
    }
    for (const drop of this.#drops) this.#drop(change, drop);
    return {
      change,
      commit(committedMs) {
        change.committedMs = committedMs;
        for (const state of begun) state.committedMs = committedMs;
      },
    };
  }

  /** An instance dropped these entries; null: all. */
  heardDrop(drop: Drop): void {
    this.#drops.push(drop);
    if (this.#drops.length > maxEarlyDrops) this.#drops.shift();
    for (const change of this.#changes) this.#drop(change, drop);
  }

  #drop(change: Tracked, { instance, keys, atMs }: Drop): void {
    const progress = change.arrivals.get(instance);
    if (progress === undefined || progress.droppedMs !== undefined || atMs < change.beganMs) return;
    if (keys === null || keys.some((key) => change.tenants.has(key))) progress.droppedMs = atMs;
  }

  heardAnswer(instance: string, tenant: string, answer: { text: string | undefined; endedMs: number }): void {
    const waiting = this.#changes.filter(
      ({ arrivals, beganMs }) =>
        beganMs <= answer.endedMs && arrivals.get(instance)?.awaited.has(tenant) === true,
    );
    // The earliest that fits: what a later change repeats will be answered again.
    const at = waiting.findIndex(
      ({ arrivals }) => arrivals.get(instance)?.awaited.get(tenant) === answer.text,
    );
    for (const { arrivals } of waiting.slice(0, at + 1)) {
      const progress = arrivals.get(instance);
      progress?.awaited.delete(tenant);
      if (progress?.awaited.size === 0) progress.freshMs = answer.endedMs;
    }
  }

  /**
   * The tenants with a change that this instance has not answered anew yet; as long as there are any, only those whose
   * old entry it has dropped, because their new row may come now.
   */
  awaitedOf(instance: string): ReadonlySet<string> {
    const awaited = new Set<string>();
    const dropped = new Set<string>();
    for (const { arrivals } of this.#changes) {
      const progress = arrivals.get(instance);
      for (const tenant of progress?.awaited.keys() ?? []) {
        awaited.add(tenant);
        if (progress?.droppedMs !== undefined) dropped.add(tenant);
      }
    }
    return dropped.size > 0 ? dropped : awaited;
  }

  get isSettled(): boolean {
    return this.#changes.every(({ arrivals }) =>
      [...arrivals.values()].every(({ awaited }) => awaited.size === 0),
    );
  }
}
