// The columns that a key names, as far as that is certain without asking PostgreSQL: plain columns, alone or in an array.
// Whatever else an expression holds is left to `tidemark.track`, which has PostgreSQL check it.

const column = /^(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))(?:::[a-z][\w ]*(?:\[\])?)?$/i;

/** Words that look like a column and are none. */
const words = new Set(['null', 'true', 'false', 'current_date', 'current_user', 'session_user', 'user']);

export function columnsOfKey(key: string): string[] {
  const [, parts = key] = /^array\s*\[([^[\]]*)\]$/i.exec(key.trim()) ?? [];
  return parts.split(',').flatMap((part) => {
    const [, quoted, plain] = column.exec(part.trim()) ?? [];
    if (quoted !== undefined) return [quoted.replaceAll('""', '"')];
    const name = plain?.toLowerCase();
    return name === undefined || words.has(name) ? [] : [name];
  });
}
