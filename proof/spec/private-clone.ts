// The committed state of the checkout in a folder of its own, with the same dependencies: there a file may be changed
// while others work here. What is not committed is not in it.
import { execFile } from 'node:child_process';
import { cp, glob, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PrivateClone extends AsyncDisposable {
  readonly folder: string;
}

export async function cloneCheckout(root: string): Promise<PrivateClone> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidemark-mutate-'));
  await run('git', ['clone', '--quiet', root, folder]);
  await linkEntries(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  // The servers that the devstack has unpacked already, where it has.
  await linkEntries(path.join(root, '.tidemark'), path.join(folder, '.tidemark'), ['postgres']);
  for await (const workspace of glob('{packages/*,examples/*,sidecar,bench,proof}/node_modules', {
    cwd: root,
  })) {
    // As they are: links between packages lead to the packages of the clone.
    await cp(path.join(root, workspace), path.join(folder, workspace), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !path.basename(source).startsWith('.vite'),
    });
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Links each entry and not the folder, so that caches of tools are not shared. */
async function linkEntries(from: string, to: string, only?: readonly string[]): Promise<void> {
  await mkdir(to);
  const entries = await readdir(from);
  const wanted = entries.filter((entry) => only?.includes(entry) ?? !/^\.(?!bin$|pnpm$)/.test(entry));
  await Promise.all(wanted.map((entry) => symlink(path.join(from, entry), path.join(to, entry))));
}
