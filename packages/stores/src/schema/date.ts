// Moments, which are Dates in memory and ISO texts in rows and in L2.
import * as z from 'zod';

/** Takes both, gives a Date; what of a text is finer than a millisecond is lost. */
export const dateSchema: z.ZodType<Date> = z.union(
  [z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))],
  { error: 'must be a date' },
);
