// Ids in a filter of the Data API. An `eq` takes the text as it is on Supabase, but other servers of the same API trim it
// or read a type into it (`null`, `{x}`), and then what was written is never found; a quoted value is a text everywhere.

/**
 * The value of a filter `in`. Quoted by ourselves: supabase-js leaves quotes and backslashes inside a value as they are,
 * and so ends it early.
 */
export function formatList(values: readonly string[]): string {
  return `(${values.map((value) => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join()})`;
}
