// What changed, by table: the keys that were touched, or the whole table.
import { isObject, parseJson } from './json.ts';

/** Encoded keys, or null: every key of the table may have changed (bulk, TRUNCATE, invalidateAll). */
export type ChangedKeys = readonly string[] | null;

/** Table names are `schema.table`, as the journal writes them. */
export type Changes = ReadonlyMap<string, ChangedKeys>;

/** A record with more keys than this names the whole table: applying and searching it must stay cheap. */
export const maxKeysPerRecord = 1_000;

export function formatChanges(changes: Changes): string {
  return JSON.stringify(Object.fromEntries(changes));
}

/** @returns undefined when the text is not a set of changes */
export function parseChanges(text: string): Changes | undefined {
  return toChanges(parseJson(text));
}

export function toChanges(value: unknown): Changes | undefined {
  if (!isObject(value)) return undefined;
  const changes = new Map<string, ChangedKeys>();
  for (const [table, keys] of Object.entries(value)) {
    if (keys !== null && !isKeyList(keys)) return undefined;
    changes.set(table, keys);
  }
  return changes;
}

function isKeyList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((key) => typeof key === 'string');
}

/**
 * The texts to look for in formatted changes: when none of them occurs, the record names neither the key nor its whole
 * table. A text that occurs by accident only costs a fill. Neither can be forged by a key, whose quotes are escaped.
 */
export function changeNeedles(tables: readonly string[], key: string): string[] {
  return [JSON.stringify(key), ...tables.map((table) => `${JSON.stringify(table)}:null`)];
}
