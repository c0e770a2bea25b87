// Which keys a postgres_changes event names, as pure functions. Where the event does not say for certain, every key of
// the table: a key too many costs a load, a key too few would be served until its TTL.
import { type ChangedKeys, encodeKey } from '@tidemark/protocol';
import * as z from 'zod';

const row = z.record(z.string(), z.unknown());

const event = z.object({
  schema: z.string(),
  table: z.string(),
  eventType: z.enum(['INSERT', 'UPDATE', 'DELETE']),
  new: row,
  old: row,
  errors: z.array(z.string()).nullish(),
});

/** `schema.table` of an event. Subscriptions match names with LIKE, where `_` is any character: this one is exact. */
export function tableOfEvent(payload: unknown): string | undefined {
  const { data } = event.pick({ schema: true, table: true }).safeParse(payload);
  return data && `${data.schema}.${data.table}`;
}

/**
 * @param columns the columns of the key, in order
 * @returns the encoded old and new key; null (every key) for an event that is stripped, refused, or lacks a key column:
 *   a DELETE carries the primary key only, an UPDATE leaves out unchanged long values
 */
export function keysOfEvent(payload: unknown, columns: readonly string[]): ChangedKeys {
  const { data } = event.safeParse(payload);
  if (data === undefined || (data.errors ?? []).length > 0) return null;
  const rows = { INSERT: [data.new], UPDATE: [data.old, data.new], DELETE: [data.old] }[data.eventType];
  const keys = new Set<string>();
  for (const row of rows) {
    const parts = columns.map((column) => row[column]);
    if (!parts.every(isKeyPart)) return null;
    keys.add(encodeKey(parts));
  }
  return [...keys];
}

/** A number beyond the safe integers was rounded on its way through JSON: it is not the key any more. */
function isKeyPart(value: unknown): value is string | number {
  return typeof value === 'string' || Number.isSafeInteger(value);
}
