// Writes the document and its pictures into docs; pictures of earlier runs that are not shown any more go.
import { globSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Files } from './document.ts';

export const docsFolder: string = path.join(import.meta.dirname, '../../../docs');

export async function writeDocument(files: Files): Promise<void> {
  await mkdir(path.join(docsFolder, 'benchmarks'), { recursive: true });
  for (const old of globSync('benchmarks/*.svg', { cwd: docsFolder })) {
    if (!files.has(old)) await rm(path.join(docsFolder, old));
  }
  for (const [file, text] of files) await writeFile(path.join(docsFolder, file), text);
}
