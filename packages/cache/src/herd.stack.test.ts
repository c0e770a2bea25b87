// A herd (R5): ten thousand readers on three instances after a mass invalidation, and a source that fails.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { RegionOptions } from './options.ts';
import { type Instance, Instances } from './testing/instances.ts';
import { loadItem, type Versioned } from './testing/load.ts';

const keyCount = 200;
const readers = 10_000;
const itemKeys = Array.from({ length: keyCount }, (_, index) => `k${index}`);

let stack: Stack;
let instances: Instances;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instances = await Instances.on(stack, keyCount);
});

afterEach(() => instances.closeStarted());

afterAll(async () => {
  await instances.close();
  await stack.close();
});

/** Three instances that have every key, and what each has loaded so far. */
async function startHerd(
  region: Partial<RegionOptions<Versioned>> = {},
): Promise<{ readonly herd: readonly Instance<Versioned>[]; readonly loads: () => number[] }> {
  const engine = instances.startEngine();
  const herd = [0, 1, 2].map(() => instances.start({ journal: engine.journal }, region));
  await Promise.all(herd.map(({ cache }) => cache.ready()));
  for (const { region } of herd) await region.getMany(itemKeys);
  const before = herd.map(({ region }) => region.status().loads);
  return { herd, loads: () => herd.map(({ region }, index) => region.status().loads - (before[index] ?? 0)) };
}

/** All at once, spread over instances and keys. */
function readAll(herd: readonly Instance<Versioned>[]): Promise<(Versioned | null)[]> {
  const reads = Array.from({ length: readers }, (_, reader) => {
    const { region } = herd[reader % herd.length] ?? herd[0]!;
    return region.get(itemKeys[Math.floor(reader / herd.length) % keyCount] ?? 'k0');
  });
  return Promise.all(reads);
}

it('costs at most one load per key and instance, whatever the number of readers (R5)', async () => {
  const { herd, loads } = await startHerd();
  await herd[0]?.region.invalidateAll();
  expect((await readAll(herd)).every((item) => item?.version === 0)).toBe(true);
  for (const count of loads()) expect(count).toBeLessThanOrEqual(keyCount);
});

it('of readers shares one failure, and the next load waits before it tries again (R5)', async () => {
  let loads = 0;
  let isFailing = true;
  instances.startEngine();
  const { cache, region } = instances.start(
    {},
    {
      load: (key) => {
        loads += 1;
        return isFailing ? Promise.reject(new Error('the source is down')) : loadItem(instances.pool, key);
      },
    },
  );
  await cache.ready();
  const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => region.get('k0')));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(loads).toBe(1);

  isFailing = false;
  expect(await region.get('k0')).toEqual({ version: 0 });
  expect(loads).toBe(2);
});

it('that follows a change of the whole table costs about one load per key over all instances (R5)', async () => {
  // A source that takes no time: on a slow machine, too, its values are in L2 before anybody gives up waiting for them.
  const { herd, loads } = await startHerd({ load: async () => ({ version: 0 }) });
  // On a busy machine some give up waiting. The best of a few herds tells: without tickets each would load three times.
  const costs: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    const before = sumOf(loads());
    // More than 1,000 keys in one statement.
    await instances.pool.query(`
      insert into public.item select 'bulk' || n, 0 from generate_series(1, 1001) as n
      on conflict (id) do update set version = excluded.version
    `);
    await until(() => herd.every(({ region }) => itemKeys.every((key) => region.peek(key) === undefined)));
    await readAll(herd);
    costs.push(sumOf(loads()) - before);
  }
  expect(Math.min(...costs)).toBeGreaterThanOrEqual(keyCount);
  expect(Math.min(...costs)).toBeLessThan(1.5 * keyCount);
});

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
