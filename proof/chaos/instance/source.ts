// The source of an instance's cache: one row by its key, counted, its failures recognisable as the source's own.
import type { Pool } from 'pg';
import { keyCount, keyNumber } from '../keys.ts';
import type { LoadCounts } from '../parts/messages.ts';
import type { Item } from './contestant.ts';

class SourceError extends Error {
  override readonly name: string = 'SourceError';
}

export class CountedSource {
  readonly #pool: Pool;
  readonly #loads = new Uint32Array(keyCount);

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @throws SourceError */
  async load(name: string): Promise<Item | null> {
    const key = keyNumber(name);
    this.#loads[key] = (this.#loads[key] ?? 0) + 1;
    try {
      const { rows } = await this.#pool.query<Item>('select version from public.item where id = $1', [name]);
      return rows[0] ?? null;
    } catch (cause) {
      throw new SourceError('the row could not be read', { cause });
    }
  }

  /** @returns how many loads since the last time, and of the row with the most */
  take(): LoadCounts {
    const loads = this.#loads.reduce((sum, count) => sum + count, 0);
    const mostLoads = this.#loads.reduce((most, count) => Math.max(most, count), 0);
    this.#loads.fill(0);
    return { loads, mostLoads };
  }
}

/** The codes with which a cache says that the source did not answer: also the source's own failure. */
const sourceCodes = new Set(['LOAD_TIMEOUT', 'SOURCE_OVERLOADED']);

export function isSourceFailure(error: unknown): boolean {
  if (error instanceof SourceError) return true;
  return error instanceof Error && 'code' in error && sourceCodes.has(String(error.code));
}
