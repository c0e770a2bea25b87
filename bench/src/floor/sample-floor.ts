// Samples of a bare part, sent as the changes of the freshness measurement are: one at a time, with pauses, so that both
// wake the same sleeping processes.
import { until } from '@tidemark/devstack';
import { sleep, systemClock } from '@tidemark/protocol';
import type { BarePart } from './bare-parts.ts';

export interface SampleCounts {
  readonly samples: number;
  /** Before the first sample, and without pauses: code that has run for days is compiled, too. */
  readonly warmUp: number;
}

/** @returns from the commit or the call to the last message, in milliseconds */
export async function sampleFloor(part: BarePart, { samples, warmUp }: SampleCounts): Promise<number[]> {
  for (let index = 0; index < samples + warmUp; index += 1) {
    await sleep(systemClock, pauseMs(index, warmUp));
    await part.send(index);
    await until(() => part.heardMs.has(index), { what: 'a bare message', everyMs: 1 });
  }
  const beganMs = await part.beganMs();
  return beganMs.map((atMs, index) => (part.heardMs.get(index) ?? atMs) - atMs).slice(warmUp);
}

/** Between two samples, so that none meets the same phase of a timer: 20 to 84 ms, in no simple ratio to a period. */
export function pauseMs(index: number, warmUp: number): number {
  return index < warmUp ? 1 : 20 + ((index * 29) % 65);
}
