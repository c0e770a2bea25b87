// Whether an L2 value and a row of the source tell the same, as far as they can be compared: what a loader makes of a row
// is the application's own affair. Pure.

export type Row = Readonly<Record<string, unknown>>;

export type Comparison =
  | { readonly kind: 'agrees' }
  | { readonly kind: 'differs' }
  /** The value has no field of the row, so that nothing was compared. */
  | { readonly kind: 'incomparable' };

/**
 * Compares the columns whose names occur in the value, in camelCase; a value that says "there is none" with whether there
 * is a row.
 *
 * @param fields how columns are called in the value where it is not their name in camelCase; null: not compared
 */
export function compareRow(
  value: unknown,
  row: Row | null,
  fields: ReadonlyMap<string, string | null>,
): Comparison {
  if (value === null || row === null) return { kind: value === row ? 'agrees' : 'differs' };
  if (typeof value !== 'object' || Array.isArray(value)) return { kind: 'incomparable' };
  let compared = 0;
  for (const [column, stored] of Object.entries(row)) {
    const field = fields.has(column) ? (fields.get(column) ?? null) : toCamelCase(column);
    if (field === null || !Object.hasOwn(value, field)) continue;
    compared += 1;
    if (!isSame((value as Row)[field], stored)) return { kind: 'differs' };
  }
  return { kind: compared === 0 ? 'incomparable' : 'agrees' };
}

function toCamelCase(column: string): string {
  return column.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** A date or time as PostgreSQL and as JavaScript write it. */
const instant = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)$/;

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'string') return isSameInstant(a, b);
  // A numeric column may be a number here and a text there, so that no digit is lost.
  if (typeof a === 'string' && typeof b === 'number') return a !== '' && Number(a) === b;
  if (typeof a === 'number' && typeof b === 'string') return b !== '' && Number(b) === a;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && isSameList(a, b);
  }
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame((a as Row)[name] ?? null, (b as Row)[name] ?? null));
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
}

/** To the millisecond, which is all that a Date of JavaScript holds. */
function isSameInstant(a: string, b: string): boolean {
  return instant.test(a) && instant.test(b) && Date.parse(a) === Date.parse(b);
}
