// The tables that a deployment wants tracked. The triggers are made by a migration (`tidemark track`); this list is what
// the sidecar compares with the tables that the journal follows.
import { parseJson } from '@tidemark/protocol';
import * as z from 'zod';
import { setting } from './schemas.ts';

export interface DeclaredTable {
  /** `schema.table`. */
  readonly table: string;
  /** The SQL expression that makes the key of a row. */
  readonly key: string;
  readonly prefixes: readonly string[];
}

const entry = z.strictObject({
  table: z.string().regex(/^[^\s.]+\.[^\s.]+$/),
  key: z.string().min(1),
  prefixes: z.union([z.string(), z.array(z.string())]).transform((prefixes) => [prefixes].flat()),
});

const example = '[{"table": "public.customers", "key": "id", "prefixes": ["copilot:customers"]}]';

export const tablesSchema: z.ZodType<readonly DeclaredTable[], string> = setting((text, refuse) => {
  const { data, error } = z.array(entry).safeParse(parseJson(text));
  if (error !== undefined) {
    const [at, field] = error.issues[0]?.path ?? [];
    const where =
      at === undefined
        ? ''
        : ` at entry ${Number(at) + 1}${field === undefined ? '' : `, "${String(field)}"`}`;
    return refuse(
      `must be a list of tables, each with table (schema.table), key and prefixes, got something else${where}: write for example ${example}`,
    );
  }
  const twice = data.find(({ table }, at) => data.findIndex((other) => other.table === table) < at);
  return twice === undefined
    ? data
    : refuse(`must name a table once, got ${twice.table} again: merge the entries`);
});
