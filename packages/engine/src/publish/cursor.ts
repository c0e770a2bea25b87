// The cursor as Redis keeps it, beside the head and moved by the same scripts.
import type { Cursor } from '@tidemark/protocol';
import * as z from 'zod';

const cursorSchema = z.object({ snapshot: z.string(), server: z.string(), watchHash: z.string() });

/** @returns null for no cursor, or one that can't be read */
export function parseCursor(text: string | null | undefined): Cursor | null {
  if (text === null || text === undefined) return null;
  try {
    return cursorSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
