// Every knock-out, in the order of the table.
import type { KnockOut } from './knock-out.ts';
import { listenerKnockOuts } from './knock-outs-of-listeners.ts';
import { readKnockOuts } from './knock-outs-of-reads.ts';
import { roundKnockOuts } from './knock-outs-of-rounds.ts';

export const knockOuts: readonly KnockOut[] = [...listenerKnockOuts, ...readKnockOuts, ...roundKnockOuts];
