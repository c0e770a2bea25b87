// What the methods of every store take besides their subject.
import { parseInput } from './schema/parse.ts';
import { idSchema } from './schema/text.ts';

export interface ReadOptions {
  /** Ends the wait; the read rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Reads the source past every cache, and joins only loads that began after this call (R3). For an admin who has just
   * written elsewhere; costs a round trip each time. Default false.
   */
  readonly fresh?: boolean;
}

export interface WriteOptions {
  /** Who writes: an id of 1 to 200 characters, kept in the row's `updated_by`; absent clears it. */
  readonly updatedBy?: string;
}

/** @throws InvalidInputError */
export function parseUpdatedBy(options: WriteOptions): string | null {
  return options.updatedBy === undefined ? null : parseInput(idSchema, 'updatedBy', options.updatedBy);
}
