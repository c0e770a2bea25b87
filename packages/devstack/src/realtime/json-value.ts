// How a value of PostgreSQL becomes JSON: what `to_jsonb` makes of it, spelled as jsonb spells it. Pure for the types
// whose JSON is known from their text; for the others (arrays, composites, json) the answer is `undefined`: ask PostgreSQL.
import type { ColumnShape } from './table-shape.ts';

const integers = new Set(['int2', 'int4', 'int8']);
const decimals = new Set(['numeric', 'float4', 'float8']);
const notANumber = new Set(['NaN', 'Infinity', '-Infinity']);
/** to_jsonb looks for a cast to json first; only types without one are known to be their text. */
const plainTexts = new Set([
  'text',
  'varchar',
  'bpchar',
  'name',
  'uuid',
  'time',
  'timetz',
  'interval',
  'inet',
  'cidr',
  'macaddr',
  'bytea',
  'oid',
  'char',
]);

export function jsonValue(column: ColumnShape, text: string | null): string | undefined {
  if (text === null) return 'null';
  const type = column.baseTypeName;
  if (plainTexts.has(type) || column.category === 'E') return JSON.stringify(text);
  if (integers.has(type)) return text;
  if (type === 'bool') return text === 't' ? 'true' : 'false';
  // jsonb is already in the spelling of jsonb; json keeps the spelling of whoever wrote it.
  if (type === 'jsonb') return text;
  if (decimals.has(type)) return decimal(text);
  if (type === 'date') return JSON.stringify(text);
  if (type === 'timestamp' || type === 'timestamptz') return timestamp(text);
  return undefined;
}

function decimal(text: string): string | undefined {
  if (notANumber.has(text)) return JSON.stringify(text);
  // An exponent is written out by jsonb.
  return /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
}

/** `2026-01-01 00:00:00.5+00` is `2026-01-01T00:00:00.5+00:00` in JSON. */
function timestamp(text: string): string | undefined {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const [, date, time, zone] = match;
  return `"${date}T${time}${zone === undefined ? '' : `${zone}:00`}"`;
}

/** An object in the spelling of jsonb: shorter keys first, then by their bytes. */
export function jsonObject(fields: readonly (readonly [name: string, json: string])[]): string {
  const keyed = fields.map(([name, json]) => ({ name, json, bytes: Buffer.from(name) }));
  keyed.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return `{${keyed.map(({ name, json }) => `${JSON.stringify(name)}: ${json}`).join(', ')}}`;
}
