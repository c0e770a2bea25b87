// Where the SQL of the product is.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const migrationsFolder: string = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../../supabase/migrations',
);
