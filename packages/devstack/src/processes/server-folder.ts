// Temporary folders for the data of servers, in a place that the user a server runs as can reach. Removing them is the
// business of whoever made them, and of the watchdog.
import { chownSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** A new folder, owned by `user`; undefined stands for the user of this process. */
export function makeServerFolder(prefix: string, user?: SystemUser): string {
  // TMPDIR may lie where only its owner may go.
  const parent = user === undefined || isReachable(tmpdir(), user) ? tmpdir() : '/tmp';
  const folder = mkdtempSync(path.join(parent, prefix));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** Whether the user may enter the folder and all folders above it. */
export function isReachable(folder: string, user: SystemUser): boolean {
  for (let current = folder; ; current = path.dirname(current)) {
    const { mode, uid, gid } = statSync(current);
    const execute = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & execute) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}
