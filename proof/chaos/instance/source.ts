// The source of an instance's cache: one row by its key, its failures recognisable as the source's own. It may be made
// late: then what it read is old when it arrives.
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Item, Load } from './contestant.ts';

class SourceError extends Error {
  override readonly name: string = 'SourceError';
}

/**
 * @param lateMs how long the next answer is held back
 * @returns a loader that throws SourceError and nothing else
 */
export function itemSource(pool: Pool, lateMs: () => number): Load {
  return async (name) => {
    try {
      const { rows } = await pool.query<Item>('select version from public.item where id = $1', [name]);
      const delayMs = lateMs();
      if (delayMs > 0) await pause(delayMs);
      return rows[0] ?? null;
    } catch (cause) {
      throw new SourceError('the row could not be read', { cause });
    }
  };
}

/** The codes with which a cache says that the source did not answer: also the source's own failure. */
const sourceCodes = new Set(['LOAD_TIMEOUT', 'SOURCE_OVERLOADED']);

export function isSourceFailure(error: unknown): boolean {
  if (error instanceof SourceError) return true;
  return error instanceof Error && 'code' in error && sourceCodes.has(String(error.code));
}
