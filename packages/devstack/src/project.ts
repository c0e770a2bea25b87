// Where the checkout and its private folder are. The package is private and runs from inside the workspace only, so it
// may look for the workspace file above itself.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot: string = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** Caches, stamps and the note about the running stack. Deleting it is always safe. */
export const privateFolder: string = path.join(projectRoot, '.tidemark');

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'pnpm-workspace.yaml'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? process.cwd() : findRoot(parent);
}
