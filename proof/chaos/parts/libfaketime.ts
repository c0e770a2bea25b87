// libfaketime, the library that moves the wall clock of a whole process: found on the system, or fetched as Debian's
// package and unpacked below .tidemark/, so that nothing is installed and nobody has to be root.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const packageName = 'libfaketime';
const privateFolder = path.join(import.meta.dirname, '..', '..', '..', '.tidemark', packageName);
const patienceMs = 60_000;

/** @returns the library, or undefined when it is neither installed nor fetched */
export function findLibfaketime(): string | undefined {
  return ['/', privateFolder].map(findBelow).find((file) => file !== undefined);
}

/** Where Debian and its descendants put it, whatever the architecture. */
function findBelow(root: string): string | undefined {
  const libraries = path.join(root, 'usr', 'lib');
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((folder) => path.join(libraries, folder, 'faketime', 'libfaketime.so.1'))
    .find((file) => existsSync(file));
}

/** @returns why it can't be had; undefined: it can */
export async function fetchLibfaketime(): Promise<string | undefined> {
  if (findLibfaketime() !== undefined) return undefined;
  const run = promisify(execFile);
  try {
    await mkdir(privateFolder, { recursive: true });
    const options = { cwd: privateFolder, timeout: patienceMs };
    await run('apt-get', ['download', packageName], options);
    const file = readdirSync(privateFolder).find((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', file ?? packageName, '.'], options);
    return findLibfaketime() === undefined ? `the package ${packageName} has another layout` : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
