// Memory of an entry of L1 beside one of lru-cache, which L1 is built on. Each in a process of its own: a heap remembers
// what was in it before.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export type Holder = 'lru-cache' | 'region';

const mainFile = path.join(import.meta.dirname, 'memory', 'main.ts');

/** @returns bytes of one entry without its value; the arrays that are made ahead for all entries count */
export async function measureEntryBytes(holder: Holder, entries: number): Promise<number> {
  const child = fork(mainFile, [holder, String(entries)], {
    execArgv: ['--conditions=@tidemark/source', '--expose-gc'],
  });
  const ended = once(child, 'exit');
  const [bytes] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  await ended;
  if (typeof bytes !== 'number' || bytes <= 1)
    throw new Error(`the process with ${entries} entries of ${holder} failed`);
  return bytes;
}
