// What a subscriber of a role gets of a change: the `data` of a postgres_changes event, in the spelling of the real
// server. Pure. Owns the recorded errors: 400 without a primary key, 401 without SELECT on it, 413 above 1 MiB.
import type { Change, Tuple } from './decoding.ts';
import { jsonObject } from './json-value.ts';
import type { ColumnShape, TableShape } from './table-shape.ts';

/** The JSON of a value; a batch has asked PostgreSQL for those that need it before. */
type JsonOf = (column: ColumnShape, text: string | null) => string;

interface Audience {
  readonly role: string;
  /** The columns a binding asks for; undefined: all. */
  readonly select?: readonly string[] | undefined;
}

export interface ShapedChange {
  readonly data: string;
  /** An error without a record goes to every subscriber of the role: nothing in it can be filtered. */
  readonly isRefused: boolean;
}

const maxRecordBytes = 1_048_576;
/** What a record that is too large keeps: values of up to so many bytes. */
const maxKeptBytes = 64;

export interface ShapeRequest {
  readonly change: Change;
  readonly shape: TableShape;
  readonly audience: Audience;
  readonly jsonOf: JsonOf;
}

export function shapeChange(request: ShapeRequest): ShapedChange {
  const { change, shape, audience } = request;
  const refusal = refusalOf(change, shape, audience.role);
  if (refusal !== undefined) {
    return {
      data: dataText(change, {
        columns: '[]',
        committedAt: 'null',
        errors: `["${refusal}"]`,
        old: change.type === 'UPDATE' ? '{}' : undefined,
        record: '{}',
      }),
      isRefused: true,
    };
  }
  const columns = shape.columns.filter(
    ({ name, selectableBy }) =>
      selectableBy.has(audience.role) && (audience.select === undefined || audience.select.includes(name)),
  );
  const isTooLarge = byteSize(change) > maxRecordBytes;
  const record = (tuple: Tuple, chosen: readonly ColumnShape[]): string =>
    jsonObject(recordFields(request.jsonOf, tuple, chosen).filter(([, json]) => !isTooLarge || isKept(json)));
  return {
    data: dataText(change, {
      columns: columnsText(columns),
      committedAt: JSON.stringify(change.committedAt),
      errors: isTooLarge ? '["Error 413: Payload Too Large"]' : 'null',
      old:
        change.type === 'INSERT' ? undefined : record(oldTuple(change, shape), oldColumns(request, columns)),
      record: change.new === undefined ? undefined : record(change.new, columns),
    }),
    isRefused: false,
  };
}

/** The row before, as far as the identity of the table tells it. */
export function oldTuple(change: Change, shape: TableShape): Tuple {
  if (change.old !== undefined && change.isFullIdentity) return change.old;
  // An update that leaves the key alone does not repeat it in the log.
  const source = change.old ?? change.new ?? {};
  const identity = change.isFullIdentity ? shape.columns.map(({ name }) => name) : change.keyColumns;
  return Object.fromEntries(identity.map((name) => [name, source[name]]));
}

function refusalOf(change: Change, shape: TableShape, role: string): string | undefined {
  if (change.type === 'DELETE') return undefined;
  const key = shape.columns.filter(({ isKey }) => isKey);
  if (key.length === 0) return 'Error 400: Bad Request, no primary key';
  return key.every(({ selectableBy }) => selectableBy.has(role)) ? undefined : 'Error 401: Unauthorized';
}

/** Under row level security the policies can no longer be asked about a row that is gone: its key is all there is. */
function oldColumns(
  { change, shape }: ShapeRequest,
  columns: readonly ColumnShape[],
): readonly ColumnShape[] {
  return change.type === 'DELETE' && shape.hasRowSecurity ? columns.filter(({ isKey }) => isKey) : columns;
}

function recordFields(jsonOf: JsonOf, tuple: Tuple, columns: readonly ColumnShape[]): [string, string][] {
  return columns.flatMap((column) => {
    const text = tuple[column.name];
    // Not in the log: an unchanged large value, or not part of the identity.
    return text === undefined ? [] : [[column.name, jsonOf(column, text)]];
  });
}

function isKept(json: string): boolean {
  return Buffer.byteLength(json) <= maxKeptBytes;
}

function byteSize(change: Change): number {
  let size = 0;
  for (const tuple of [change.new, change.old]) {
    for (const value of Object.values(tuple ?? {})) size += Buffer.byteLength(value ?? '');
  }
  return size;
}

function columnsText(columns: readonly ColumnShape[]): string {
  const items = columns.map(
    ({ name, typeName }) => `{"name": ${JSON.stringify(name)}, "type": ${JSON.stringify(typeName)}}`,
  );
  return `[${items.join(', ')}]`;
}

interface DataParts {
  readonly columns: string;
  readonly committedAt: string;
  readonly errors: string;
  readonly old: string | undefined;
  readonly record: string | undefined;
}

function dataText(change: Change, parts: DataParts): string {
  const old = parts.old === undefined ? '' : `"old_record":${parts.old},`;
  const record = parts.record === undefined ? '' : `"record":${parts.record},`;
  const { schema, table, type } = change;
  return (
    `{"columns":${parts.columns},"commit_timestamp":${parts.committedAt},"errors":${parts.errors},${old}${record}` +
    `"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)},"type":"${type}"}`
  );
}
