// Free-form JSON objects that callers may attach to a row: what jsonb stores and JavaScript reads back as it was.
import * as z from 'zod';
import { isStorable } from './text.ts';

/** Deeper than any real one; far from what a parser, or PostgreSQL, refuses. */
const maxDepth = 50;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Not a schema of records: that drops a key called `__proto__` without a word. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  (value) => isObject(value) && !Array.isArray(value) && isJson(value, maxDepth),
  { error: `must be an object of JSON values, nested ${maxDepth} times at most` },
);

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return isStorable(value);
  if (!isObject(value) || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(
    ([key, field]) => key !== '__proto__' && isStorable(key) && isJson(field, depth - 1),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
