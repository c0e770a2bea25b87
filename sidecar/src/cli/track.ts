// tidemark track TABLE: writes the migration that journals a table. Changes no database: a migration is reviewed, kept and
// applied with the others.
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from './cli-error.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';
import { migrationName, migrationSql, type TrackedTable, trackProblems } from './track-migration.ts';

const defaultFolder = 'supabase/migrations';

export const track: Command = {
  name: 'track',
  summary: 'write the migration that journals a table',
  usage: 'TABLE --key EXPRESSION --prefix PREFIX[,PREFIX]... [--namespace NAME] [--dir FOLDER | --print]',
  details:
    'TABLE is schema.table, without quotes. Apply the migration as you apply the others: supabase db push.',
  flags: {
    key: {
      value: 'EXPRESSION',
      meaning: 'what makes the key of a row: a column, an SQL expression, or array[a, b]',
    },
    prefix: { value: 'PREFIX', meaning: 'what the L2 keys of its regions begin with, several with commas' },
    namespace: { value: 'NAME', meaning: 'which head and log its records go to; default main' },
    dir: { value: 'FOLDER', meaning: `where migrations are; default ${defaultFolder}` },
    print: { meaning: 'write the SQL to the standard output, and no file' },
  },
  async run(context) {
    const table = tableOf(context);
    const problems = trackProblems(table);
    if (problems.length > 0) throw new UsageError(problems.join('\n'));
    const sql = migrationSql(table);
    if (context.flags.has('print')) {
      context.out(context.isJson ? JSON.stringify({ file: null, sql }) : sql.trimEnd());
      return exitCodes.fine;
    }
    const file = await writeMigration(context, table, sql);
    if (context.isJson) context.out(JSON.stringify({ file, sql }));
    else {
      context.out(`wrote ${file}`);
      context.out('apply it with "supabase db push"; then tidemark status names the table');
    }
    return exitCodes.fine;
  },
};

function tableOf({ positionals, flags }: CommandContext): TrackedTable {
  const [table, ...more] = positionals;
  if (table === undefined || more.length > 0) {
    throw new UsageError(
      'track must be given one table, schema.table: tidemark track public.customers --key id --prefix copilot:customers',
    );
  }
  return {
    table,
    key: flags.get('key') ?? '',
    prefixes: (flags.get('prefix') ?? '').split(',').map((prefix) => prefix.trim()),
    namespace: flags.get('namespace') ?? 'main',
  };
}

async function writeMigration(
  { flags, clock }: CommandContext,
  table: TrackedTable,
  sql: string,
): Promise<string> {
  const folder = flags.get('dir') ?? defaultFolder;
  try {
    const name = migrationName(table, { now: new Date(clock.wallMs()), existing: await readdir(folder) });
    const file = path.join(folder, name);
    await writeFile(file, sql, { flag: 'wx' });
    return file;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `the folder of the migrations must be one that can be written to, got ${folder} (${code}): name it by --dir, or use --print`,
    );
  }
}
