// Clock jumps of whole processes, with Debian's libfaketime: not only what the cache asks, but timers' wall clock, the
// Redis client and everything else of the process believes the wrong time. Its monotonic clock is left alone, because
// the history of the fault run is written in it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findLibfaketime } from '../parts/libfaketime.ts';
import type { Fault } from './fault.ts';

const offsets = ['+1h', '-1h', '+3s', '-3s', '+0'];

const fakedTime: Fault = {
  name: 'clock jumps of whole processes',
  what: 'libfaketime moves the wall clock of an instance and of a sidecar, an hour and a few seconds, in both directions',
  part: 'instance 0',
  missing: () =>
    findLibfaketime() === undefined
      ? 'libfaketime is not there (on Debian, npm run chaos fetches it)'
      : undefined,
  async run({ scene, moment }) {
    const folder = await mkdtemp(path.join(tmpdir(), 'tidemark-faketime-'));
    scene.stack.watchdog.addPath(folder);
    const file = path.join(folder, 'offset');
    await writeFile(file, '+0\n');
    const environment = {
      LD_PRELOAD: findLibfaketime() ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    const both = [scene.instances[0], scene.sidecars[0]];
    const killBoth = async (): Promise<void> => {
      await scene.instances[0]?.child.kill();
      await scene.sidecars[0]?.kill();
    };
    await killBoth();
    for (const part of both) await part?.start(environment);
    for (const offset of offsets) {
      await writeFile(file, `${offset}\n`);
      await moment();
    }
    await killBoth();
    for (const part of both) await part?.start();
    await rm(folder, { recursive: true });
    scene.stack.watchdog.removePath(folder);
  },
};

export const faketimeFaults: readonly Fault[] = [fakedTime];
