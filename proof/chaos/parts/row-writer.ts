// Writes the next version of a row and finds out what became of it. A statement whose outcome is unknown (its connection
// broke) is repeated until one is known: it changes nothing when the version is there already, so that repeating it is
// harmless and one late attempt can't undo a later version.
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Commit } from '../judge/commits.ts';
import { keyName, type KeyRange } from '../keys.ts';
import { sharedMs } from '../shared-clock.ts';

const retryEveryMs = 25;

const statement = `
  update public.item set version = $2, previous = version where id = $1 and version < $2
  returning previous`;

export class RowWriter {
  readonly #pool: Pool;
  readonly #last = new Map<number, number>();
  readonly #busy = new Set<number>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Learns the versions of the rows it will write. @returns the commits that a killed predecessor may not have told */
  async learn({ from, count }: KeyRange): Promise<Commit[]> {
    const names = Array.from({ length: count }, (_, index) => keyName(from + index));
    const { rows } = await untilAnswered(() =>
      this.#pool.query<{ id: string; version: number; previous: number }>(
        'select id, version, previous from public.item where id = any($1)',
        [names],
      ),
    );
    return rows.map(({ id, version, previous }) => {
      const key = Number(id.slice(1));
      this.#last.set(key, version);
      return { key, version, previous, begunMs: 0, knownMs: sharedMs() };
    });
  }

  /** @returns false when the row is being written already: one writer per row */
  tryTake(key: number): boolean {
    if (this.#busy.has(key)) return false;
    this.#busy.add(key);
    return true;
  }

  release(key: number): void {
    this.#busy.delete(key);
  }

  /** The next version of a row, not yet sent. */
  next(key: number): Attempt {
    const version = (this.#last.get(key) ?? 0) + 1;
    this.#last.set(key, version);
    const begunMs = sharedMs();
    const once = async (): Promise<Commit> => {
      const { rows } = await this.#pool.query<{ previous: number }>(statement, [keyName(key), version]);
      // No row: an earlier attempt, whose answer was lost, has written it.
      const previous = rows[0]?.previous ?? (await this.#previousOf(key));
      return { key, version, previous, begunMs, knownMs: sharedMs() };
    };
    return { once, untilKnown: () => untilAnswered(once) };
  }

  async #previousOf(key: number): Promise<number> {
    const { rows } = await this.#pool.query<{ previous: number }>(
      'select previous from public.item where id = $1',
      [keyName(key)],
    );
    return rows[0]?.previous ?? -1;
  }
}

export interface Attempt {
  /** @throws what the connection throws; the outcome is unknown then */
  once(): Promise<Commit>;
  untilKnown(): Promise<Commit>;
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await pause(retryEveryMs);
    }
  }
}
