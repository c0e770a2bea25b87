// Applies what is new of supabase/migrations to the database at DATABASE_URL, as `supabase db push` does, and ends: the
// one-shot service of deploy/supabase.yml. Owns no SQL.
import path from 'node:path';
import { DevstackError } from '../devstack-error.ts';
import { applyMigrations } from '../migrations/index.ts';
import { projectRoot } from '../project.ts';

process.exitCode = await main(process.env['DATABASE_URL']);

async function main(databaseUrl: string | undefined): Promise<number> {
  if (!databaseUrl) {
    console.error('DATABASE_URL must be set: the database, as the role postgres');
    return 1;
  }
  try {
    const folder = path.join(projectRoot, 'supabase', 'migrations');
    const { applied, present } = await applyMigrations({ databaseUrl, folder });
    console.log(`applied ${applied.length} migrations, ${present.length} were there`);
    return 0;
  } catch (error) {
    if (!(error instanceof DevstackError)) throw error;
    console.error(error.message);
    return 1;
  }
}
