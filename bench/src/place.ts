// Where and when a measurement ran: what a figure means nothing without. Never names the machine itself, or a path of it.
import { execFile } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type as systemName } from 'node:os';
import { promisify } from 'node:util';
import type { Clock } from '@tidemark/protocol';

export interface Place {
  readonly at: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Of the last minute before the run: on a busy machine medians say little. */
  readonly loadAverage: number;
  /** What was measured; `+` behind it: with changes that were not committed. */
  readonly commit: string;
}

export async function describePlace(clock: Clock): Promise<Place> {
  const [loadAverage = 0] = loadavg();
  return {
    at: `${new Date(clock.wallMs()).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release().split('-')[0] ?? ''} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    loadAverage: Number(loadAverage.toFixed(2)),
    commit: await findCommit(),
  };
}

async function findCommit(): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', [...args], { cwd: import.meta.dirname })).stdout.trim();
  try {
    const [commit, changes] = [
      await git('rev-parse', '--short=10', 'HEAD'),
      await git('status', '--short', '-uno'),
    ];
    // The results themselves are written by the run.
    const isChanged = changes
      .split('\n')
      .some((line) => line !== '' && !/ (bench\/results|docs\/bench)/.test(line));
    return isChanged ? `${commit}+` : commit;
  } catch {
    return 'unknown';
  }
}
