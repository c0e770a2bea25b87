// When the regions of this process have dropped something, one after the other.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { systemClock } from '@tidemark/protocol';

/** @returns when each of so many regions dropped, in their order; `run` starts what makes them drop */
export async function followDrops(regions: number, run: () => void): Promise<readonly number[]> {
  const { promise, resolve } = Promise.withResolvers<readonly number[]>();
  const drops: number[] = [];
  const hear = (): void => {
    drops.push(systemClock.monotonicMs());
    if (drops.length === regions) resolve(drops);
  };
  subscribe('tidemark:overtaken', hear);
  try {
    run();
    return await promise;
  } finally {
    unsubscribe('tidemark:overtaken', hear);
  }
}
