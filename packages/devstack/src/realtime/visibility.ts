// Who sees which change: the questions PostgreSQL is asked about a batch, as few as possible. Owns their SQL. Row level
// security is judged as the real server does it, by looking for the row, by its key, as the subscriber: at the time of
// the look, not of the commit, so a row that is gone by then was never there (01-*: only the DELETE arrives).
import { type Database, type Identity, quoteName } from './database.ts';
import type { Change } from './decoding.ts';
import { type Filter, filterCondition } from './filters.ts';
import type { RealtimeLogger } from './options.ts';
import { oldTuple } from './record-shape.ts';
import type { ColumnShape, TableShape } from './table-shape.ts';

/** The changes of one table that are in question. */
export interface Question {
  readonly database: Database;
  readonly shape: TableShape;
  readonly changes: readonly Change[];
  readonly logger: RealtimeLogger;
}

/** The INSERTs and UPDATEs whose row this subscriber sees now. */
export async function visibleTo(question: Question, identity: Identity): Promise<ReadonlySet<Change>> {
  const { shape, changes, logger } = question;
  const key = shape.columns.filter(({ isKey }) => isKey);
  const asked = changes.filter(({ type }) => type !== 'DELETE');
  if (key.length === 0 || asked.length === 0) return new Set();
  const names = key.map((_column, index) => `k${index}`);
  const sameKey = key.map(({ name, sqlType }, index) => `t.${quoteName(name)} = k.k${index}::${sqlType}`);
  const parameters = key.map((_column, index) => `$${index + 1}::text[]`);
  try {
    const rows = await question.database.asIdentity(identity, (ask) =>
      ask({
        text: `
          select k.place::int as place
          from unnest(${parameters.join(', ')}) with ordinality as k(${names.join(', ')}, place)
          where exists (
            select from ${quoteName(shape.schema)}.${quoteName(shape.table)} t where ${sameKey.join(' and ')}
          )`,
        values: key.map(({ name }) => asked.map((change) => change.new?.[name] ?? null)),
      }),
    );
    return pick(asked, rows);
  } catch (error) {
    // A role without a grant, a policy that fails: this subscriber sees nothing, the others still do.
    logger.info({ err: error, role: identity.role, table: shape.table }, 'no row of the table is visible');
    return new Set();
  }
}

/** The changes a filter lets through: by the new row, or for a DELETE by what the log holds of the old one. */
export async function passing(question: Question, filter: Filter): Promise<ReadonlySet<Change>> {
  const { shape, changes, database } = question;
  const column = shape.columns.find(({ name }) => name === filter.column);
  if (column === undefined) return new Set();
  const values = changes.map((change) => (change.new ?? oldTuple(change, shape))[column.name]);
  // A value that the log does not hold is compared with nothing, and nothing passes.
  const known = changes.filter((_change, index) => values[index] !== undefined);
  if (known.length === 0) return new Set();
  const rows = await database.rows({
    text: `
      select place::int as place from unnest($2::text[]) with ordinality as v(value, place)
      where ${filterCondition(filter, column.sqlType)}`,
    values: [filter.values, values.filter((value) => value !== undefined)],
  });
  return pick(known, rows);
}

/** What `to_jsonb` makes of values whose JSON cannot be known from their text. */
export async function askForJson(
  database: Database,
  column: ColumnShape,
  texts: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await database.rows({
    text: `select value, to_jsonb(value::${column.sqlType})::text as json from unnest($1::text[]) as v(value)`,
    values: [texts],
  });
  return new Map(rows.map((row) => [String(row['value']), String(row['json'])]));
}

function pick(
  changes: readonly Change[],
  rows: readonly { readonly place?: unknown }[],
): ReadonlySet<Change> {
  const picked = new Set<Change>();
  for (const { place } of rows) {
    const change = changes[Number(place) - 1];
    if (change !== undefined) picked.add(change);
  }
  return picked;
}
