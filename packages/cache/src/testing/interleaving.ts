// Readers, writers and rounds on one region, in an order that fast-check chooses: every step of theirs, the loader's
// reading and answering included, waits for the scheduler. What each read may answer at least is noted when it starts.
import type * as fc from 'fast-check';
import { itemTable, RegionScene } from './region-scene.ts';

export type Actor =
  | { readonly kind: 'read'; readonly key: string; readonly fresh: boolean }
  | { readonly kind: 'read many' }
  /** Somebody else commits; a record follows. */
  | { readonly kind: 'change'; readonly key: string; readonly as: 'key' | 'table' | 'reset' }
  | { readonly kind: 'write'; readonly key: string; readonly fate: 'commits' | 'fails' | 'unknown' };

export const keys: readonly string[] = ['a', 'b'];

export class Interleaving {
  readonly #scheduler: fc.Scheduler;
  readonly #scene: RegionScene<number>;
  /** The database: the version of each key that is committed. */
  readonly #committed = new Map<string, number>(keys.map((key) => [key, 0]));
  /** What no read that starts now may fall behind: applied records and own writes (R2, R3). */
  readonly #atLeast = new Map<string, number>();
  loads = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.#scene = new RegionScene<number>({
      load: (key) => this.#load([key]).then((values) => values.get(key) ?? null),
      loadMany: (wanted) => this.#load(wanted),
    });
    this.#scene.startLease();
  }

  /** Reads the database at a moment of its own, and answers at a later one. */
  async #load(wanted: readonly string[]): Promise<Map<string, number>> {
    this.loads += 1;
    await this.#step(`load ${wanted.join()}`);
    const values = new Map(wanted.map((key) => [key, this.#committedOf(key)]));
    await this.#step(`answer ${wanted.join()}`);
    return values;
  }

  async run(actor: Actor): Promise<void> {
    await this.#step(actor.kind);
    switch (actor.kind) {
      case 'read':
        return this.#read(actor.key, actor.fresh);
      case 'read many':
        return this.#readMany();
      case 'change':
        return this.#change(actor.key, actor.as);
      case 'write':
        return this.#write(actor.key, actor.fate);
    }
  }

  async #read(key: string, fresh: boolean): Promise<void> {
    const atLeast = fresh ? this.#committedOf(key) : this.#atLeastOf(key);
    judge(`a ${fresh ? 'fresh ' : ''}read of ${key}`, await this.#scene.region.get(key, { fresh }), atLeast);
  }

  async #readMany(): Promise<void> {
    const atLeast = keys.map((key) => this.#atLeastOf(key));
    const values = await this.#scene.region.getMany(keys);
    for (const [index, value] of values.entries())
      judge(`a read of ${keys[index]}`, value, atLeast[index] ?? 0);
  }

  async #change(key: string, as: 'key' | 'table' | 'reset'): Promise<void> {
    this.#commit(key);
    await this.#step('round');
    // The round reads what is committed, whoever committed it.
    const covered = as === 'key' ? [key] : keys;
    const versions = covered.map((each): [string, number] => [each, this.#committedOf(each)]);
    await this.#step('record');
    if (as === 'reset') {
      this.#scene.namespace.reset();
      this.#scene.prove();
    } else this.#scene.namespace.apply(new Map([[itemTable, as === 'key' ? covered : null]]));
    for (const [each, version] of versions) this.#raise(each, version);
  }

  async #write(key: string, fate: 'commits' | 'fails' | 'unknown'): Promise<void> {
    const change = async (): Promise<void> => {
      await this.#step('statement');
      if (fate !== 'fails') this.#commit(key);
      await this.#step('acknowledgement');
      if (fate !== 'commits') throw new Error('connection lost');
    };
    await this.#scene.region.write(key, change).catch(() => {});
    this.#raise(key, this.#committedOf(key));
  }

  /** Once all is quiet and every change has been told, L1 holds the truth or nothing. */
  check(): void {
    for (const key of keys) {
      const version = this.#scene.region.peek(key);
      if (version !== undefined && version !== this.#committedOf(key)) {
        throw new Error(`L1 has version ${version} of ${key}, committed is ${this.#committedOf(key)}`);
      }
    }
  }

  #step(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  #commit(key: string): void {
    this.#committed.set(key, this.#committedOf(key) + 1);
  }

  #committedOf(key: string): number {
    return this.#committed.get(key) ?? 0;
  }

  #atLeastOf(key: string): number {
    return this.#atLeast.get(key) ?? 0;
  }

  #raise(key: string, version: number): void {
    this.#atLeast.set(key, Math.max(this.#atLeastOf(key), version));
  }
}

function judge(what: string, version: number | null, atLeast: number): void {
  if (version === null || version < atLeast) {
    throw new Error(`${what} answered ${version}, but ${atLeast} was known here when it began`);
  }
}
