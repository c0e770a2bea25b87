// What a channel asks postgres_changes for: its bindings, read from the join, and the tables each of them means now.
// Owns the recorded texts of a refusal: one bad binding refuses all of the channel (03-one-good-one-bad-binding).
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { postgresCode } from './database.ts';
import type { ChangeType } from './decoding.ts';
import { type Filter, filterCheck, inspectFilters, inspectList, parseFilters } from './filters.ts';
import { isRecord } from './frames.ts';
import { loadTableShapes, type TableShape } from './table-shape.ts';

export interface Binding {
  readonly id: number;
  readonly event: ChangeType | '*';
  readonly schema: string;
  readonly table: string;
  readonly filterText: string | undefined;
  readonly select: readonly string[] | undefined;
  /** JSON, for the join reply: the id, and what the client asked for. */
  readonly reply: string;
}

export interface ResolvedBinding {
  readonly binding: Binding;
  readonly tableOids: ReadonlySet<number>;
  readonly filters: readonly Filter[];
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly bindings: readonly ResolvedBinding[] }
  | { readonly kind: 'refused'; readonly message: string };

const idBits = 27;
const events = new Set(['INSERT', 'UPDATE', 'DELETE', '*']);

/** `postgres_changes` of a join; what is no binding at all is left out. */
export function readBindings(config: unknown): readonly Binding[] {
  if (!Array.isArray(config)) return [];
  return config.filter(isRecord).map(readBinding);
}

function readBinding(asked: Readonly<Record<string, unknown>>): Binding {
  const sorted = Object.entries(asked).sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  // The same for the same question, as on the real server, where it is a hash too.
  const digest = createHash('sha256').update(shown.join());
  const id = digest.digest().readUInt32BE(0) >>> (32 - idBits);
  const event = typeof asked['event'] === 'string' ? asked['event'].toUpperCase() : '*';
  const select = asked['select'];
  return {
    id,
    event: events.has(event) ? (event as ChangeType | '*') : '*',
    schema: typeof asked['schema'] === 'string' ? asked['schema'] : 'public',
    table: typeof asked['table'] === 'string' ? asked['table'] : '*',
    filterText: typeof asked['filter'] === 'string' && asked['filter'] !== '' ? asked['filter'] : undefined,
    select: Array.isArray(select) && select.length > 0 ? select.map(String) : undefined,
    reply: `{${[`"id":${id}`, ...shown].join(',')}}`,
  };
}

export interface ResolveRequest {
  readonly database: Database;
  readonly publication: string;
  readonly role: string;
  readonly bindings: readonly Binding[];
}

/** Rejects only when PostgreSQL cannot be asked. */
export async function resolveBindings(request: ResolveRequest): Promise<Resolution> {
  const resolved: ResolvedBinding[] = [];
  for (const binding of request.bindings) {
    const parsed = parseFilters(binding.filterText ?? '');
    if (binding.filterText !== undefined && parsed.kind === 'refused') return parsed;
    const filters = binding.filterText === undefined || parsed.kind === 'refused' ? [] : parsed.filters;
    const oids = await publishedTables(request, binding);
    if (oids.length === 0) {
      return {
        kind: 'refused',
        message: `${unable} Please check Realtime is enabled for the given connect parameters: ${describe(binding, filters)}`,
      };
    }
    const refusal = await refusalOf(request, { binding, filters, oids });
    if (refusal !== undefined) {
      return {
        kind: 'refused',
        message: `${unable} An exception happened so please check your connect parameters: ${describe(binding, filters)}. Exception: ${refusal}`,
      };
    }
    resolved.push({ binding, tableOids: new Set(oids), filters });
  }
  return { kind: 'resolved', bindings: resolved };
}

const unable = 'Unable to subscribe to changes with given parameters.';

function describe({ event, schema, table, select }: Binding, filters: readonly Filter[]): string {
  const chosen = select === undefined ? 'nil' : inspectList(select);
  return `[event: ${event}, schema: ${schema}, table: ${table}, filters: ${inspectFilters(filters)}, select: ${chosen}]`;
}

/** LIKE, as on the real server: an underscore in a name matches any character (RT8). */
async function publishedTables(request: ResolveRequest, binding: Binding): Promise<readonly number[]> {
  const pattern = (name: string): string => (name === '*' ? '%' : name);
  const rows = await request.database.rows({
    text: `
      select c.oid::text as oid
      from pg_publication_tables p
      join pg_namespace n on n.nspname = p.schemaname
      join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
      where p.pubname = $1 and p.schemaname like $2 and p.tablename like $3`,
    values: [request.publication, pattern(binding.schema), pattern(binding.table)],
  });
  return rows.map((row) => Number(row['oid']));
}

interface Candidate {
  readonly binding: Binding;
  readonly filters: readonly Filter[];
  readonly oids: readonly number[];
}

/** The exception the real server's trigger on its subscriptions would raise. */
async function refusalOf(request: ResolveRequest, candidate: Candidate): Promise<string | undefined> {
  const { filters, binding, oids } = candidate;
  if (filters.length === 0 && binding.select === undefined) return undefined;
  const shapes = await loadTableShapes(request.database, oids, [request.role]);
  for (const shape of shapes.values()) {
    const refusal =
      unknownColumn(shape, request.role, candidate) ?? (await badValue(request.database, shape, filters));
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function unknownColumn(shape: TableShape, role: string, { filters, binding }: Candidate): string | undefined {
  const isSelectable = (name: string): boolean =>
    shape.columns.some((column) => column.name === name && column.selectableBy.has(role));
  const filtered = filters.find(({ column }) => !isSelectable(column));
  if (filtered !== undefined)
    return `ERROR P0001 (raise_exception) invalid column for filter ${filtered.column}`;
  const selected = binding.select?.find((name) => !isSelectable(name));
  return selected === undefined
    ? undefined
    : `ERROR P0001 (raise_exception) invalid column for select ${selected}`;
}

const errorNames: Readonly<Record<string, string>> = {
  '22003': 'numeric_value_out_of_range',
  '22007': 'invalid_datetime_format',
  '22008': 'datetime_field_overflow',
  '22P02': 'invalid_text_representation',
  '2201B': 'invalid_regular_expression',
  '42883': 'undefined_function',
};

async function badValue(
  database: Database,
  shape: TableShape,
  filters: readonly Filter[],
): Promise<string | undefined> {
  for (const filter of filters) {
    const column = shape.columns.find(({ name }) => name === filter.column);
    if (column === undefined) continue;
    try {
      await database.rows({ text: filterCheck(filter, column.sqlType), values: [filter.values] });
    } catch (error) {
      const code = postgresCode(error);
      if (code === undefined || !(error instanceof Error)) throw error;
      return `ERROR ${code} (${errorNames[code] ?? 'error'}) ${error.message}`;
    }
  }
  return undefined;
}
