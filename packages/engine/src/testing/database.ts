// A database with the product's migrations and one table of the tests' own, whose key is `id`.
import { applyMigrations, type PostgresServer, startPostgres } from '@tidemark/devstack';
import { migrationsFolder } from './migrations.ts';
import { runSql } from './sql.ts';

export const itemTable = 'public.item';

export async function startDatabase(keyPrefix: string): Promise<PostgresServer> {
  const postgres = await startPostgres();
  await applyMigrations({ databaseUrl: postgres.url, folder: migrationsFolder });
  await runSql(
    postgres.url,
    `create table public.item (id text primary key, value integer not null default 0);
    select tidemark.track('public.item', 'id', array['${keyPrefix}:item'])`,
  );
  return postgres;
}
