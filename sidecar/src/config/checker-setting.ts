// How much the checker looks at, and at what. The tables: `public.customers`, several separated by commas; in brackets
// how columns are called in the values, where it is not their name in camelCase: `public.customers(full_name=name)`.
import type * as z from 'zod';
import { setting } from './schemas.ts';

export interface CheckedTable {
  /** `schema.table`. */
  readonly table: string;
  /** By column; null: not compared. */
  readonly fields: ReadonlyMap<string, string | null>;
}

export interface CheckerConfig {
  /** Keys that are looked at; more than 0. */
  readonly perSecond: number;
  /** Empty: every tracked table. */
  readonly tables: readonly CheckedTable[];
  /** How long a change may be on its way. */
  readonly boundMs: number;
}

/** A look costs Redis two commands and the source one; nobody needs more of them. */
const mostPerSecond = 100;

export const perSecondSchema: z.ZodType<number, string> = setting((text, refuse) => {
  const number = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return number <= mostPerSecond
    ? number
    : refuse(`must be a number from 0 to ${mostPerSecond}, got "${text}": 0 is off, 1 is a good start`);
});

/** Not at commas between the fields of a table. */
const separator = /,(?![^(]*\))/;

const entry = /^([^\s.()=]+\.[^\s()=]+)(?:\(([^()]*)\))?$/;

const assignment = /^([^\s=]+)=([^\s=]*)$/;

export const checkedTablesSchema: z.ZodType<readonly CheckedTable[], string> = setting((text, refuse) =>
  text
    .split(separator)
    .map((part) => part.trim())
    .map((part) => {
      const [, table, list] = entry.exec(part) ?? [];
      const pairs = (list ?? '').split(',').filter((pair) => pair.trim() !== '');
      const fields = pairs.map((pair) => assignment.exec(pair.trim()));
      if (table === undefined || fields.includes(null)) {
        return refuse(
          `must be a comma list of schema.table(column=field,...), got "${part}": write for example public.customers(full_name=name)`,
        );
      }
      const named = fields.map((match): [string, string | null] => [match?.[1] ?? '', match?.[2] || null]);
      return { table, fields: new Map(named) };
    }),
);
