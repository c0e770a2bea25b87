// A soak: reads, writes, failures and faults without end, on keys that never come back, so that whatever forgets to
// bound itself grows. Memory is compared after garbage collection, the last third of the time with the second.
import type { Stack } from '@tidemark/devstack';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Instances } from './instances.ts';

export interface SoakOptions {
  readonly stack: Stack;
  readonly instances: Instances;
  readonly durationMs: number;
}

export interface SoakVerdict {
  readonly reads: number;
  /** Median heap of the last third of the samples, as a multiple of that of the second. */
  readonly growth: number;
}

/** Small, so that what is bounded by it has stopped growing before the samples that count. */
const maxEntries = 500;

export async function runSoak({ stack, instances, durationMs }: SoakOptions): Promise<SoakVerdict> {
  instances.startEngine();
  const started = [0, 1].map(() =>
    instances.start(
      {},
      {
        maxEntries,
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
  const heaps: number[] = [];
  const untilMs = performance.now() + durationMs;
  let reads = 0;
  let next = 0;

  for (let turn = 0; performance.now() < untilMs; turn += 1) {
    for (const { region } of started) {
      const keys = Array.from({ length: 50 }, () => `soak${(next += 1)}`);
      const gone = AbortSignal.abort();
      await Promise.allSettled([
        ...keys.map((key) => region.get(key)),
        region.getMany(keys.map((key) => `${key}x`)),
        region.get(`${keys[0]}a`, { signal: gone }),
        region.write(keys[1] ?? '', async () => {}),
      ]);
      reads += 2 * keys.length;
    }
    if (turn % 200 === 199) await stack.redis.restart({ isEmpty: true });
    if (turn % 20 === 0) {
      heaps.push(heapAfterCollection());
      await pause(1);
    }
  }
  const third = Math.ceil(heaps.length / 3);
  // In the first third, maps fill up to their bounds.
  const second = heaps.slice(third, 2 * third);
  return { reads, growth: median(heaps.slice(-third)) / median(second) };
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}
