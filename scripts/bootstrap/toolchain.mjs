// Node 24 and pnpm, as npm packages in the private folder of the checkout: nothing global is touched.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDone, markDone, privateFolder, run, say } from './steps.mjs';

const versions = { node: '24.21.0', pnpm: '11.28.10' };

/** @returns {{ node: string, pnpm: string, path: string }} absolute paths of the programs, and a PATH that finds them */
export function ensureToolchain() {
  const folder = path.join(privateFolder, 'toolchain');
  const binaries = path.join(folder, 'node_modules', 'node', 'bin');
  const toolchain = {
    node: path.join(binaries, process.platform === 'win32' ? 'node.exe' : 'node'),
    pnpm: path.join(folder, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs'),
    path: [binaries, path.join(folder, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter),
  };
  const state = JSON.stringify({ versions, platform: process.platform, arch: process.arch });
  if (isDone('toolchain', state) && existsSync(toolchain.node)) return toolchain;

  say(`installing Node ${versions.node} and pnpm ${versions.pnpm} into .tidemark/toolchain`);
  mkdirSync(folder, { recursive: true });
  // A package.json of its own keeps npm from walking up to the one of the project.
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    ...Object.entries(versions).map(([name, version]) => `${name}@${version}`),
  ]);
  markDone('toolchain', state);
  return toolchain;
}
