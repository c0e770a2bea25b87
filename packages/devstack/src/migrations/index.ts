// The public names of the migrations part.
export { applyMigrations, type MigrationsOptions, type MigrationsResult } from './migrations.ts';
