// A soak: reads, writes, failures, mass invalidations and faults without end, on keys that never come back, so that
// whatever forgets to bound itself grows. What is alive is counted after garbage collection, and the last third of the
// time compared with the second.
import type { Stack } from '@tidemark/devstack';
import { setTimeout as pause } from 'node:timers/promises';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Flight } from '../read/flight.ts';
import type { Instance, Instances } from './instances.ts';
import type { Versioned } from './load.ts';

export interface SoakOptions {
  readonly stack: Stack;
  readonly instances: Instances;
  readonly durationMs: number;
  /** Counts flights and signals as well, by a part of Node that warns of being experimental. */
  readonly countsObjects?: boolean;
}

/** What must not grow: medians of the last third of the samples. */
export interface SoakVerdict {
  readonly reads: number;
  readonly samples: number;
  readonly heapMegabytes: number;
  /** As a multiple of the median of the second third. */
  readonly heapGrowth: number;
  readonly flights: number;
  /** Of loads and waits; a long-lived one that remembers each of them would keep them all alive. */
  readonly signals: number;
  /** Timers and sockets of the process. */
  readonly resources: number;
  /** Beyond the bound of L1: none may be. */
  readonly mostEntries: number;
}

interface Sample {
  readonly heapBytes: number;
  readonly flights: number;
  readonly signals: number;
  readonly resources: number;
}

/** Small, so that what is bounded by it has stopped growing before the samples that count. */
export const soakEntries = 500;

export async function runSoak(options: SoakOptions): Promise<SoakVerdict> {
  const { stack, instances, durationMs, countsObjects = false } = options;
  const engine = instances.startEngine();
  const started = [0, 1].map(() =>
    instances.start(
      { journal: engine.journal },
      {
        maxEntries: soakEntries,
        maxStaleness: '1s',
        ttl: '2s',
        load: async (key) => {
          if (key.endsWith('7')) throw new Error('this row can not be read');
          return key.endsWith('3') ? null : { version: 1 };
        },
      },
    ),
  );
  await Promise.all(started.map(({ cache }) => cache.ready()));
  const samples: Sample[] = [];
  const untilMs = performance.now() + durationMs;
  let reads = 0;
  let mostEntries = 0;

  for (let turn = 0; performance.now() < untilMs; turn += 1) {
    for (const [index, instance] of started.entries()) {
      reads += await useOnce(instance, `soak${turn}-${index}`);
      mostEntries = Math.max(mostEntries, instance.region.status().entries);
    }
    if (turn % 50 === 49) await started[0]?.region.invalidateAll().catch(() => {});
    if (turn % 200 === 199) await stack.redis.restart({ isEmpty: true });
    if (turn % 10 === 0) {
      // Rounds, records and timers have their turn, too.
      await pause(1);
      samples.push(takeSample(countsObjects));
    }
  }
  return { reads, mostEntries, ...judge(samples) };
}

/** One turn of an instance, on keys of this turn alone. @returns the number of reads */
async function useOnce({ region }: Instance<Versioned>, prefix: string): Promise<number> {
  const keys = Array.from({ length: 50 }, (_, index) => `${prefix}-${index}`);
  await Promise.allSettled([
    ...keys.map((key) => region.get(key)),
    region.getMany(keys.map((key) => `${key}x`)),
    region.get(`${keys[0]}a`, { signal: AbortSignal.abort() }),
    region.write(keys[1] ?? '', async () => {}),
  ]);
  return 2 * keys.length;
}

function takeSample(countsObjects: boolean): Sample {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    flights: countsObjects ? queryObjects(Flight, { format: 'count' }) : 0,
    signals: countsObjects ? queryObjects(AbortSignal, { format: 'count' }) : 0,
    resources: process.getActiveResourcesInfo().length,
  };
}

function judge(samples: readonly Sample[]): Omit<SoakVerdict, 'reads' | 'mostEntries'> {
  // In the first third, maps fill up to their bounds.
  const third = Math.ceil(samples.length / 3);
  const [second, last] = [samples.slice(third, 2 * third), samples.slice(-third)];
  const heapBytes = median(last.map((sample) => sample.heapBytes));
  return {
    samples: samples.length,
    heapMegabytes: heapBytes / 1_048_576,
    heapGrowth: heapBytes / median(second.map((sample) => sample.heapBytes)),
    flights: median(last.map(({ flights }) => flights)),
    signals: median(last.map(({ signals }) => signals)),
    resources: median(last.map(({ resources }) => resources)),
  };
}

function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}
