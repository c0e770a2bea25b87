// The locked dependencies of the workspace, installed once per lockfile.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDone, markDone, root, run, say } from './steps.mjs';

export function installDependencies(toolchain) {
  const lockfile = readFileSync(path.join(root, 'pnpm-lock.yaml'));
  const state = createHash('sha256').update(lockfile).digest('hex');
  if (isDone('dependencies', state) && existsSync(path.join(root, 'node_modules'))) return;

  say('installing the locked dependencies');
  run(toolchain.node, [toolchain.pnpm, 'install', '--frozen-lockfile'], {
    // CI=true: pnpm never asks, also when it must replace a folder that another version made.
    env: { ...process.env, PATH: toolchain.path, CI: 'true' },
  });
  markDone('dependencies', state);
}
