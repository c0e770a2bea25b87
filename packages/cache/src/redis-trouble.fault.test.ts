// Redis trouble costs time, not errors (R4): one deadline, then nothing until a probe. The cache's clock is moved by
// hand, so that an answer that came without a move waited for nothing.
import { type FaultProxy, type Stack, startFaultProxy, startStack, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import { namespaceKeys } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Instance, Instances } from './testing/instances.ts';
import type { Versioned } from './testing/load.ts';

const deadlineMs = 100;
const breakMs = 500;
/** So long that no lease ends by the moves of a test. */
const maxStaleness = '10m';

let stack: Stack;
let instances: Instances;
let proxy: FaultProxy;
let clock: FakeClock;
let one: Instance<Versioned>;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instances = await Instances.on(stack, 20);
  proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: stack.redis.port } });
});

beforeEach(async () => {
  clock = new FakeClock();
  instances.startEngine();
  one = instances.start(
    { clock, redis: `redis://127.0.0.1:${proxy.port}` },
    // A source that takes no time at all: whatever a read waits for is Redis.
    { maxStaleness, load: async () => ({ version: 0 }) },
  );
  await untilLeased();
});

afterEach(async () => {
  stack.redis.thaw();
  await proxy.heal();
  await instances.closeStarted();
});

afterAll(async () => {
  await instances.close();
  await proxy.close();
  await stack.close();
});

/** One head reading per round, so that no more time passes than the lease needs. */
async function untilLeased(): Promise<void> {
  const redis = new Redis(stack.redis.url);
  const { head } = namespaceKeys('copilot', 'main');
  do {
    clock.jump(76_000);
    const before = await redis.get(head);
    await until(async () => (await redis.get(head)) !== before);
  } while (one.region.status().lease !== 'live');
  redis.disconnect();
}

async function untilStored(...keys: readonly string[]): Promise<void> {
  const redis = new Redis(stack.redis.url);
  const names = keys.map((key) => `copilot:item:${key}`);
  await until(async () => (await redis.exists(...names)) === keys.length);
  redis.disconnect();
}

/** Whether the promise settles while the clock stands still. */
async function settlesWithoutTime(read: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  void read.then(settled, settled);
  // Round trips of others: what waits for no one has long been answered.
  for (let turn = 0; turn < 20; turn += 1) await instances.pool.query('select 1');
  return isSettled;
}

describe('with Redis silent (#44)', () => {
  it('a hit is a hit, a miss costs one deadline, the next nothing, until one probe (R4)', async () => {
    await one.region.get('k0');
    await untilStored('k0');
    await stack.redis.freeze();
    expect(one.region.peek('k0')).toEqual({ version: 0 });

    const first = one.region.get('k1');
    expect(await settlesWithoutTime(first)).toBe(false);
    clock.jump(deadlineMs);
    expect(await first).toEqual({ version: 0 });

    expect(await settlesWithoutTime(one.region.get('k2'))).toBe(true);
    clock.jump(breakMs - 1);
    expect(await settlesWithoutTime(one.region.get('k3'))).toBe(true);

    clock.jump(1);
    const probe = one.region.get('k4');
    expect(await settlesWithoutTime(probe)).toBe(false);
    expect(await settlesWithoutTime(one.region.get('k5'))).toBe(true);
    clock.jump(deadlineMs);
    expect(await probe).toEqual({ version: 0 });
    expect(one.cache.status().redisErrors).toBe(2);
    expect(one.region.peek('k0')).toEqual({ version: 0 });
  });

  it('a probe that is answered brings L2 back, without a restart (R6)', async () => {
    await stack.redis.freeze();
    const first = one.region.get('k6');
    expect(await settlesWithoutTime(first)).toBe(false);
    clock.jump(deadlineMs);
    await first;
    stack.redis.thaw();

    const other = instances.start({}, { maxStaleness: '1s' });
    await other.cache.ready();
    await other.region.getMany(['k7', 'k8']);
    await untilStored('k7', 'k8');

    expect(await one.region.get('k7')).toEqual({ version: 0 });
    expect(one.region.status().l2Hits).toBe(0);
    clock.jump(breakMs);
    await untilLeased();
    expect(await one.region.get('k8')).toEqual({ version: 0 });
    expect(one.region.status().l2Hits).toBe(1);
  });

  it('a connection that answers no probe is replaced (R6)', async () => {
    proxy.silence();
    const { accepted } = proxy.counts;
    await until(async () => {
      const read = one.region.get('k9', { fresh: true });
      await read;
      // The fill is the probe, and nobody waits for it.
      clock.jump(deadlineMs);
      clock.jump(breakMs);
      return proxy.counts.accepted > accepted;
    });
    await proxy.heal();
    await until(() => one.cache.status().redis === 'connected');
  });
});

describe('with Redis gone (#44)', () => {
  it('nothing is queued: every read goes past it without waiting, and it is used again when it is back (R4, R6)', async () => {
    await stack.redis.kill();
    await until(() => one.cache.status().redis === 'unreachable');
    for (const key of ['k10', 'k11', 'k12']) {
      expect(await settlesWithoutTime(one.region.get(key))).toBe(true);
    }
    await one.region.write('k10', async () => undefined);

    await stack.redis.restart();
    await until(() => one.cache.status().redis === 'connected');
    // The lease of before may outlive the outage; a fill is let in only where the instance has met the new generation.
    const redis = new Redis(stack.redis.url);
    const filled: string[] = [];
    await until(async () => {
      await untilLeased();
      const key = `new${filled.length}`;
      await one.region.get(key);
      filled.push(`copilot:item:${key}`);
      return (await redis.exists(...filled)) > 0;
    });
    redis.disconnect();
  });
});

describe('a refusal of Redis', () => {
  it('is an answer: the next read still finds its value in L2 (R4)', async () => {
    const redis = new Redis(stack.redis.url);
    const other = instances.start({}, { maxStaleness: '1s' });
    await other.cache.ready();
    await other.region.get('k14');
    await untilStored('k14');
    // Writes are refused from now on, reads are not.
    await redis.config('SET', 'min-replicas-to-write', '1');
    const before = one.cache.status().redisErrors;
    await one.region.get('k15');
    await until(() => one.cache.status().redisErrors > before);

    expect(await one.region.get('k14')).toEqual({ version: 0 });
    expect(one.region.status().l2Hits).toBe(1);
    await redis.config('SET', 'min-replicas-to-write', '0');
    redis.disconnect();
  });
});
