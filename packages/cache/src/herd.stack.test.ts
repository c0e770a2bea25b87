// A herd (R5): ten thousand readers on three instances after a mass invalidation, and a source that fails.
import { type Stack, startStack } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
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

it('costs at most one load per key and instance, whatever the number of readers (R5)', async () => {
  const engine = instances.startEngine();
  const herd: Instance<Versioned>[] = [0, 1, 2].map(() => instances.start({ journal: engine.journal }));
  await Promise.all(herd.map(({ cache }) => cache.ready()));
  for (const { region } of herd) await region.getMany(itemKeys);
  const before = herd.map(({ region }) => region.status().loads);

  await herd[0]?.region.invalidateAll();
  const reads = Array.from({ length: readers }, (_, reader) => {
    const { region } = herd[reader % herd.length] ?? herd[0]!;
    return region.get(itemKeys[Math.floor(reader / herd.length) % keyCount] ?? 'k0');
  });
  expect((await Promise.all(reads)).every((item) => item?.version === 0)).toBe(true);

  for (const [index, { region }] of herd.entries()) {
    expect(region.status().loads - (before[index] ?? 0)).toBeLessThanOrEqual(keyCount);
  }
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
