// The load of an instance: readers that record every answer with its time, and writers that read what they wrote.
// Never judges: what a read should have answered is known only when the history is complete.
import { setTimeout as pause } from 'node:timers/promises';
import { type Origin, ReadLog } from '../judge/reads.ts';
import { keyCount, keyName, type KeyRange } from '../keys.ts';
import { Gate } from '../parts/gate.ts';
import { tell } from '../parts/parent.ts';
import type { RowWriter } from '../parts/row-writer.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { sharedMs } from '../shared-clock.ts';
import type { ContestantCache, Item } from './contestant.ts';
import { isSourceFailure } from './source.ts';

const readers = 3;
/** Reads between two pauses of a reader: together some 10,000 reads a second, a few percent of a core. */
const readsPerTurn = 24;
const turnMs = 1;
const writers = 2;
const mostWriterPauseMs = 150;
const keysOfMany = 8;

export interface LoadParts {
  readonly cache: ContestantCache;
  readonly writer: RowWriter;
  readonly own: KeyRange;
  readonly random: SeededRandom;
}

export class InstanceLoad {
  readonly readGate: Gate = new Gate();
  readonly writeGate: Gate = new Gate();
  readonly #parts: LoadParts;
  readonly #log = new ReadLog();

  constructor(parts: LoadParts) {
    this.#parts = parts;
    for (let reader = 0; reader < readers; reader += 1) void this.#readForEver();
    for (let writer = 0; writer < writers; writer += 1) void this.#writeForEver();
  }

  /** Sends what was read since the last time. */
  flush(): void {
    if (this.#log.count > 0) tell({ kind: 'reads', packed: this.#log.take() });
  }

  async #readForEver(): Promise<never> {
    const { random } = this.#parts;
    for (;;) {
      await this.readGate.pass(async () => {
        for (let count = 0; count < readsPerTurn; count += 1) {
          await this.#readOne(random.between(0, keyCount - 1));
        }
        const dice = random.between(0, 199);
        if (dice === 0) await this.#readFresh(random.between(0, keyCount - 1));
        if (dice === 1) await this.#readMany(random.between(0, keyCount - keysOfMany));
      });
      await pause(turnMs);
    }
  }

  async #readOne(key: number): Promise<void> {
    const { cache } = this.#parts;
    const name = keyName(key);
    const startMs = sharedMs();
    const hit = cache.peek(name);
    if (hit === undefined) await this.#record(key, startMs, { read: () => cache.get(name) });
    else this.#log.add({ key, version: versionOf(hit), startMs, endMs: sharedMs(), origin: 'L1' });
  }

  async #readFresh(key: number): Promise<void> {
    const { cache } = this.#parts;
    await this.#record(key, sharedMs(), { read: () => cache.getFresh(keyName(key)), origin: 'fresh' });
  }

  async #readMany(from: number): Promise<void> {
    const { cache } = this.#parts;
    const names = Array.from({ length: keysOfMany }, (_, index) => keyName(from + index));
    const startMs = sharedMs();
    try {
      const items = await cache.getMany(names);
      const endMs = sharedMs();
      for (const [index, item] of items.entries()) {
        const origin = cache.originOf(names[index] ?? '');
        this.#log.add({ key: from + index, version: versionOf(item), startMs, endMs, origin });
      }
    } catch (error) {
      tellFailure(from, startMs, error);
    }
  }

  async #record(
    key: number,
    startMs: number,
    { read, origin }: { readonly read: () => Promise<Item | null>; readonly origin?: Origin },
  ): Promise<void> {
    try {
      const item = await read();
      const endMs = sharedMs();
      const from = origin ?? this.#parts.cache.originOf(keyName(key));
      this.#log.add({ key, version: versionOf(item), startMs, endMs, origin: from });
    } catch (error) {
      tellFailure(key, startMs, error);
    }
  }

  /** R3: right after the write returned or threw, the writer reads what it wrote. */
  async #writeForEver(): Promise<never> {
    const { cache, writer, own, random } = this.#parts;
    for (;;) {
      await this.writeGate.pass(async () => {
        const key = own.from + random.between(0, own.count - 1);
        if (!writer.tryTake(key)) return;
        const attempt = writer.next(key);
        const name = keyName(key);
        // What threw has an unknown outcome: until it is known, reads may answer either version.
        const commit = await cache.write(name, () => attempt.once()).catch(() => undefined);
        if (commit !== undefined) tell({ kind: 'commit', commit });
        await this.#record(key, sharedMs(), { read: () => cache.get(name), origin: 'own' });
        if (commit === undefined) tell({ kind: 'commit', commit: await attempt.untilKnown() });
        writer.release(key);
      });
      await pause(random.between(20, mostWriterPauseMs));
    }
  }
}

function versionOf(item: Item | null): number {
  return item?.version ?? -1;
}

function tellFailure(key: number, startMs: number, error: unknown): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  tell({ kind: 'failed', failure: { key, startMs, isSource: isSourceFailure(error), reason } });
}
