// The watchdog process. Reads from stdin, line by line, which servers, files and folders belong to its parent; when the pipe
// ends, the parent is dead or has closed it: ends the servers that are left, then removes the files and
// folders that are left. Never listens, never touches anything it was not told of.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { killTree, processTree, signalOne, thawTree } from './process-tree.ts';

/** How long a server may take to end in order before it is killed. */
const graceMs = 5_000;
const lookEveryMs = 20;

/** Process ids, and the signal that ends each soonest and in order. */
const servers = new Map<number, NodeJS.Signals>();
const paths = new Set<string>();

// Only the end of the pipe counts: a supervisor that signals a whole session must not cut the cleaning short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', ...rest] = line.split(' ');
  const subject = rest.join(' ');
  if (verb === 'server') servers.set(Number(rest[0]), rest[1] as NodeJS.Signals);
  else if (verb === 'ended') servers.delete(Number(subject));
  else if (verb === 'path') paths.add(subject);
  else if (verb === 'removed') paths.delete(subject);
}

await Promise.all(Array.from(servers, ([pid, signal]) => endServer(pid, signal)));
for (const target of paths) rmSync(target, { recursive: true, force: true, maxRetries: 5 });

async function endServer(pid: number, signal: NodeJS.Signals): Promise<void> {
  // A stopped process takes no signal but KILL.
  thawTree(pid);
  signalOne(pid, signal);
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += lookEveryMs) {
    if (processTree(pid).length === 0) return;
    await delay(lookEveryMs);
  }
  killTree(pid);
}
