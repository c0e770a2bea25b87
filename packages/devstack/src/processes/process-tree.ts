// A server and its children as one thing that can be stopped, continued and killed. PostgreSQL puts each backend into a
// session of its own, so a signal to the process group would reach the postmaster only: the tree is read from the
// process table instead. Never signals a process outside the tree of the pid it was given.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { until } from './until.ts';

interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** One letter as in ps(1): T is stopped, Z is a zombie. */
  readonly state: string;
}

/** The process itself and everything below it, parents first; zombies left out. */
export function processTree(rootPid: number): number[] {
  const rows = processTable().filter((row) => row.state !== 'Z');
  const tree = rows.some((row) => row.pid === rootPid) ? [rootPid] : [];
  for (const pid of tree) tree.push(...rows.filter((row) => row.parentPid === pid).map((row) => row.pid));
  return tree;
}

/** Whether the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  return processTree(pid).length > 0;
}

/** Stops every process of the tree, and returns when all of them stand still. */
export async function freezeTree(rootPid: number): Promise<void> {
  // The root first: it could fork between our look at its children and the signal to them.
  signalOne(rootPid, 'SIGSTOP');
  for (const pid of processTree(rootPid)) signalOne(pid, 'SIGSTOP');
  await until(() => standsStill(rootPid), { what: `process ${rootPid} and its children to stand still` });
}

/** Lets every process of the tree run again; the root last, so that it finds its children alive. */
export function thawTree(rootPid: number): void {
  for (const pid of processTree(rootPid).toReversed()) signalOne(pid, 'SIGCONT');
}

/** Kills the whole tree at once, children included: nobody is left to notice or to finish a write. */
export function killTree(rootPid: number): void {
  signalOne(rootPid, 'SIGSTOP');
  for (const pid of processTree(rootPid).toReversed()) signalOne(pid, 'SIGKILL');
}

function standsStill(rootPid: number): boolean {
  const tree = new Set(processTree(rootPid));
  return processTable().every((row) => !tree.has(row.pid) || row.state === 'T');
}

/** Sends a signal; a process that is gone already is what the sender wanted or can do nothing about. */
export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processTable(): ProcessRow[] {
  return process.platform === 'linux' ? readProc() : readPs();
}

function readProc(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const row = readStat(pid);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function readStat(pid: number): ProcessRow | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // ended between readdir and now
  }
  // "pid (name) state ppid ...": the name may hold blanks and brackets, so count from the last bracket.
  const [state = '', parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parentPid: Number(parentPid), state };
}

function readPs(): ProcessRow[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length === 3)
    .map(([pid, parentPid, state = '']) => ({
      pid: Number(pid),
      parentPid: Number(parentPid),
      state: state.slice(0, 1),
    }));
}
