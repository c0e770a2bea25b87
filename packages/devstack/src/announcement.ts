// The note .tidemark/stack.json: how `npm run sql`, and people, find the stack that runs. Written by whoever starts a
// stack for somebody to use; withdrawn when that stack is closed. A note whose process is dead counts for nothing.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from './processes/process-tree.ts';
import { privateFolder } from './project.ts';
import type { Stack } from './stack.ts';

export interface StackAnnouncement {
  readonly url: string;
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  readonly jwtSecret: string;
  /** Of the process that runs the stack. */
  readonly pid: number;
}

const noteFile = path.join(privateFolder, 'stack.json');

/** TIDEMARK_STACK_FILE puts the note elsewhere: for a second stack of one checkout, and for tests. */
export function noteFileFrom({ TIDEMARK_STACK_FILE: file }: NodeJS.ProcessEnv): string {
  return file ? file : noteFile;
}

/**
 * Makes a running stack the one that `npm run sql` talks to, until it is closed. The latest one announced counts.
 */
export async function announceStack(
  stack: Stack,
  { file = noteFile }: { file?: string } = {},
): Promise<void> {
  const announcement: StackAnnouncement = {
    url: stack.url,
    // Past the fault proxy: a broken line to the database is for the stack's clients, not for its owner.
    databaseUrl: stack.postgres.url,
    ...(stack.hasRedis ? { redisUrl: stack.redisUrl } : {}),
    anonKey: stack.anonKey,
    serviceRoleKey: stack.serviceRoleKey,
    jwtSecret: stack.jwtSecret,
    pid: process.pid,
  };
  await mkdir(path.dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  // Keys are for the owner's eyes, and a reader never finds half a note.
  await writeFile(unfinished, `${JSON.stringify(announcement, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, file);
  stack.onClose(async () => {
    const current = await readAnnouncement({ file });
    if (current?.databaseUrl === announcement.databaseUrl) await rm(file, { force: true });
  });
}

/** The stack that was announced last, if the process that runs it still does. */
export async function readAnnouncement({ file = noteFile }: { file?: string } = {}): Promise<
  StackAnnouncement | undefined
> {
  try {
    const announcement = JSON.parse(await readFile(file, 'utf8')) as StackAnnouncement;
    return isAlive(announcement.pid) ? announcement : undefined;
  } catch {
    return undefined;
  }
}
