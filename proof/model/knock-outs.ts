// Every knock-out, in the order of the table, and what each takes away.
import type { KnockOut, Removal } from './knock-out.ts';
import { listenerKnockOuts } from './knock-outs-of-listeners.ts';
import { readKnockOuts } from './knock-outs-of-reads.ts';
import { roundKnockOuts } from './knock-outs-of-rounds.ts';

export const knockOuts: readonly KnockOut[] = [...listenerKnockOuts, ...readKnockOuts, ...roundKnockOuts];

/** @param hasBackup whether the guard behind it stays */
export function removalOf({ patches = [], weakness, backup }: KnockOut, hasBackup: boolean): Removal {
  const other = hasBackup ? undefined : knockOuts.find(({ name }) => name === backup);
  const taken = weakness ?? other?.weakness;
  return {
    patches: [...patches, ...(other?.patches ?? [])],
    ...(taken === undefined ? {} : { weakness: taken }),
  };
}
