// What PostgreSQL's catalogue says about the tables of a batch of changes: columns, key, row level security, and which
// columns a role may select. Read anew for each batch, because grants and policies may change at any time.
import type { Database, Row } from './database.ts';

export interface ColumnShape {
  readonly name: string;
  /** As shown to clients: pg_type.typname. */
  readonly typeName: string;
  /** For casts: the type as SQL spells it. */
  readonly sqlType: string;
  /** Below all domains: what decides how a value becomes JSON. */
  readonly baseTypeName: string;
  /** pg_type.typcategory of the base type; A: array, C: composite. */
  readonly category: string;
  readonly isKey: boolean;
  readonly selectableBy: ReadonlySet<string>;
}

export interface TableShape {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly hasRowSecurity: boolean;
  /** In the order of the table. */
  readonly columns: readonly ColumnShape[];
}

const shapesSql = `
with recursive base(oid, base_oid) as (
  select t.oid, t.oid from pg_type t
  where t.oid in (select atttypid from pg_attribute where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped)
  union all
  select b.oid, t.typbasetype from base b join pg_type t on t.oid = b.base_oid where t.typtype = 'd'
)
select c.oid::text as oid, n.nspname as schema, c.relname as table, c.relrowsecurity as has_row_security,
  a.attname as name, t.typname as type_name, format_type(a.atttypid, a.atttypmod) as sql_type,
  bt.typname as base_type_name, bt.typcategory as category,
  coalesce(a.attnum = any(i.indkey::smallint[]), false) as is_key,
  array(
    select r.rolname::text from pg_roles r
    where r.rolname = any($2::text[]) and has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')
  ) as selectable_by
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
join base b on b.oid = t.oid
join pg_type bt on bt.oid = b.base_oid and bt.typtype <> 'd'
left join pg_index i on i.indrelid = c.oid and i.indisprimary
where c.oid = any($1::oid[])
order by c.oid, a.attnum`;

export async function loadTableShapes(
  database: Database,
  oids: readonly number[],
  roles: readonly string[],
): Promise<ReadonlyMap<number, TableShape>> {
  const rows = await database.rows({ text: shapesSql, values: [oids, roles] });
  const shapes = new Map<number, TableShape & { columns: ColumnShape[] }>();
  for (const row of rows) {
    const oid = Number(row['oid']);
    let shape = shapes.get(oid);
    if (shape === undefined) {
      shape = {
        oid,
        schema: String(row['schema']),
        table: String(row['table']),
        hasRowSecurity: row['has_row_security'] === true,
        columns: [],
      };
      shapes.set(oid, shape);
    }
    shape.columns.push(readColumn(row));
  }
  return shapes;
}

function readColumn(row: Row): ColumnShape {
  const selectableBy: unknown = row['selectable_by'];
  return {
    name: String(row['name']),
    typeName: String(row['type_name']),
    sqlType: String(row['sql_type']),
    baseTypeName: String(row['base_type_name']),
    category: String(row['category']),
    isKey: row['is_key'] === true,
    selectableBy: new Set(Array.isArray(selectableBy) ? selectableBy.map(String) : []),
  };
}
