// Where a list of conversations goes on, and the opaque text that stands for it. Times stay the texts that the source
// gave: a Date would lose the microseconds, and with them the rows between two milliseconds. Pure.
//
//   newest first ──► … ──► last page ──► moved, if somebody has jumped over the pages meanwhile ──► end
import { parseJson } from '@tidemark/protocol';
import * as z from 'zod';
import { InvalidInputError } from '../errors.ts';
import { textSchema } from '../schema/text.ts';

/** What a list is sorted by. Without a message: `-infinity`, as PostgreSQL writes it. */
export interface ListKey {
  readonly lastMessageAt: string;
  readonly createdAt: string;
  readonly id: string;
}

export type ListPosition =
  /** `newest` is the `lastMessageAt` of the first row of all: who is beyond it has jumped there. */
  | (ListKey & { readonly kind: 'newest first'; readonly newest: string })
  /** Among those who jumped, oldest first: who jumps again stays ahead. */
  | (ListKey & { readonly kind: 'moved' });

export interface ListRead {
  /** Of the rows on the page. */
  readonly keys: readonly ListKey[];
  /** Rows follow that the page had no room for. */
  readonly isCut: boolean;
  /** Somebody is beyond `newest`. */
  readonly hasMoved: boolean;
}

/** @returns where the next page begins; undefined when this was the last one */
export function positionAfter(position: ListPosition | undefined, read: ListRead): ListPosition | undefined {
  const last = read.keys.at(-1);
  if (read.isCut && last !== undefined) {
    if (position?.kind === 'moved') return { ...last, kind: 'moved' };
    const newest = position?.newest ?? read.keys[0]?.lastMessageAt ?? last.lastMessageAt;
    return { ...last, kind: 'newest first', newest };
  }
  if (position?.kind !== 'newest first' || !read.hasMoved) return undefined;
  return { kind: 'moved', lastMessageAt: position.newest, createdAt: 'infinity', id: '' };
}

/** What an ISO time may be and PostgreSQL refuses: the year 0, offsets of 16 hours, digits without end. */
const unreadableTime = /^0000|[+-](?:1[6-9]|2\d):\d\d$|\.\d{10,}/;

const time = z.union([
  z.iso.datetime({ offset: true }).refine((text) => !unreadableTime.test(text)),
  z.enum(['infinity', '-infinity']),
]);

const key = { lastMessageAt: time, createdAt: time, id: textSchema };

const positionSchema: z.ZodType<ListPosition> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('newest first'), ...key, newest: time }),
  z.strictObject({ kind: z.literal('moved'), ...key }),
]);

export function formatCursor(position: ListPosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws InvalidInputError */
export function parseCursor(cursor: string): ListPosition {
  const result = positionSchema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (result.success) return result.data;
  throw new InvalidInputError('cursor must be the nextCursor of an earlier page, got another text');
}
