// Samples of a bare part, sent as the changes of the freshness measurement are: one at a time, with pauses, so that both
// wake the same sleeping processes.
import { until } from '@tidemark/devstack';
import { sleep, systemClock } from '@tidemark/protocol';
import { stampMs } from '../freshness/stamp.ts';
import type { BarePart } from './bare-parts.ts';

/** @returns from the moment at which the sender knew, to the message; in milliseconds, 0 where it came before */
export async function sampleFloor(part: BarePart, samples: number): Promise<number[]> {
  const warmUp = Math.ceil(samples / 10);
  const delaysMs: number[] = [];
  for (let index = 0; index < samples + warmUp; index += 1) {
    await sleep(systemClock, pauseMs(index));
    await part.send(index);
    const sentMs = stampMs();
    await until(() => part.heardMs.has(index), { what: 'a bare message', everyMs: 1 });
    if (index >= warmUp) delaysMs.push(Math.max(0, (part.heardMs.get(index) ?? sentMs) - sentMs));
  }
  return delaysMs;
}

/** Between two samples, so that none meets the same phase of a timer: 20 to 84 ms, in no simple ratio to a period. */
export function pauseMs(index: number): number {
  return 20 + ((index * 29) % 65);
}
