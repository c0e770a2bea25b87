// Finds a Redis for the local stack: REDIS_URL, a server program on PATH, Debian's package, or a clear sentence.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fail, run, say } from './steps.mjs';

const programs = ['redis-server', 'valkey-server'];

/** @returns {string | undefined} path of a server program, or undefined when REDIS_URL names a running server */
export function findRedis() {
  if (process.env.REDIS_URL) return undefined;
  const found = findOnPath();
  if (found !== undefined) return found;

  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say('no redis-server on PATH and REDIS_URL is not set: installing the package redis-server with apt-get');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update'], { env });
    // policy-rc.d is absent on most machines: the package would start a server of its own on 6379, which we
    // neither need nor want to leave behind.
    run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], {
      env: { ...env, RUNLEVEL: '1' },
    });
    const installed = findOnPath();
    if (installed !== undefined) return installed;
  }
  return fail(`no Redis found: set REDIS_URL to a running server, or install one with "${installCommand()}"`);
}

function findOnPath() {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const program of programs) {
      const candidate = path.join(folder, program);
      if (folder !== '' && existsSync(candidate)) return candidate;
    }
  }
  return undefined;
}

function installCommand() {
  if (process.platform === 'darwin') return 'brew install redis';
  const known = [
    ['apt-get', 'sudo apt-get install redis-server'],
    ['dnf', 'sudo dnf install valkey'],
    ['apk', 'sudo apk add redis'],
    ['pacman', 'sudo pacman -S valkey'],
  ];
  const match = known.find(([manager]) => spawnSync(manager, ['--version']).error === undefined);
  return match?.[1] ?? 'the package manager of this system (package redis or valkey)';
}
