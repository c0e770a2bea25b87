// The tables that Realtime alone feeds: `public.flags(id)=copilot:flags`, several separated by commas. A table may stand
// there again for another prefix.
import type { BestEffortTable } from '@tidemark/engine';
import type * as z from 'zod';
import { setting } from './schemas.ts';

/** Not at commas between the columns of a key. */
const separator = /,(?![^(]*\))/;

const entry = /^([^\s.()=]+\.[^\s()=]+)\(([^()]+)\)=([^\s,=*?[\]\\]+)$/;

export const bestEffortSchema: z.ZodType<readonly BestEffortTable[], string> = setting((text, refuse) => {
  const tables = new Map<string, { key: string[]; prefixes: string[] }>();
  for (const part of text.split(separator).map((part) => part.trim())) {
    const [, table, columns, prefix] = entry.exec(part) ?? [];
    if (table === undefined || columns === undefined || prefix === undefined) {
      return refuse(
        `must be a comma list of schema.table(key columns)=prefix, got "${part}": write for example public.flags(id)=copilot:flags`,
      );
    }
    const key = columns.split(',').map((column) => column.trim());
    const known = tables.get(table);
    if (known === undefined) tables.set(table, { key, prefixes: [prefix] });
    else if (known.key.join() === key.join()) known.prefixes.push(prefix);
    else {
      return refuse(
        `must give a table one key, got (${known.key.join(', ')}) and (${key.join(', ')}) for ${table}: use the same columns in each entry`,
      );
    }
  }
  return [...tables].map(([table, { key, prefixes }]) => ({ table, key, prefixes }));
});
