// What one step of the protocol takes of a Redis: its processor time, the network included, and the bytes both ways. Asked
// of the server itself, before and after many of them; what it does anyway is taken off.
import { startRedis } from '@tidemark/devstack';
import { announce, type Announcement, sleep, systemClock, tell } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { NamespaceScene } from './namespace-scene.ts';

export interface UnitCost {
  readonly step: string;
  /** Of one core. */
  readonly cpuMicros: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface Used {
  readonly cpuMicros: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly atMs: number;
}

/** Commands that are on their way at once: as many as a busy Redis finds when it looks. */
const atOnce = 32;

const subscribers = 50;

export async function measureUnits(count: number): Promise<readonly UnitCost[]> {
  await using server = await startRedis();
  using scene = new NamespaceScene(server.url, 'main');
  const admin = new Redis(server.url);
  const listeners: Redis[] = [];
  try {
    await new Promise((resolve) => scene.redis.once('ready', resolve));
    await scene.open();
    const idle = await idlePerMs(admin);
    const measure = (step: string, run: () => Promise<unknown>, more = {}): Promise<UnitCost> =>
      costOf({ admin, idle, step, run, count, atOnce, ...more });
    const changed = {
      kind: 'changed',
      sender: 'x'.repeat(36),
      prefix: 'bench:item',
      keys: ['tenant-1'],
    } as const;
    const costs = [
      await measure('head reading (MULTI, ROLE, GET)', () => scene.readHead()),
      await measure('L2 read, hit of 1 kB (MGET of head and value)', () => scene.readValue()),
      await measure('fill of 1 kB', () => scene.fill()),
      await measure('hint of a write, unlink included', () =>
        tell(scene.redis, { keys: scene.keys, hint: changed, valueKeys: [scene.value] }),
      ),
      await measure('announcement', () => announce({ redis: scene.redis, keyPrefix: 'bench' }, announcement)),
      // One after the other, as rounds are.
      await measure('round without a change', () => scene.round(0), { atOnce: 1 }),
      await measure('round of 1 key', () => scene.round(1), { atOnce: 1 }),
      await measure('round of 100 keys', () => scene.round(100), { atOnce: 1, count: Math.ceil(count / 10) }),
    ];
    for (let at = 0; at < subscribers; at += 1) {
      const listener = new Redis(server.url);
      listeners.push(listener);
      await listener.subscribe(scene.keys.records);
    }
    const heard = await measure('heard', () => scene.round(1), { atOnce: 1, count: Math.ceil(count / 10) });
    const alone = costs.find(({ step }) => step === 'round of 1 key');
    return alone === undefined ? costs : [...costs, perSubscriber(heard, alone)];
  } finally {
    for (const redis of [admin, ...listeners]) redis.disconnect();
  }
}

/** What one more subscriber adds to a round of one key. */
function perSubscriber(heard: UnitCost, alone: UnitCost): UnitCost {
  return {
    step: 'record of 1 key, to each subscriber',
    cpuMicros: Math.max(0, heard.cpuMicros - alone.cpuMicros) / subscribers,
    bytesIn: 0,
    bytesOut: Math.max(0, heard.bytesOut - alone.bytesOut) / subscribers,
  };
}

interface Task {
  readonly admin: Redis;
  readonly idle: number;
  readonly step: string;
  readonly run: () => Promise<unknown>;
  readonly count: number;
  readonly atOnce: number;
}

async function costOf({ admin, idle, step, run, count, atOnce: width }: Task): Promise<UnitCost> {
  // Scripts are known, and the code is warm.
  await run();
  const before = await usedBy(admin);
  for (let done = 0; done < count; done += width) await Promise.all(Array.from({ length: width }, run));
  const after = await usedBy(admin);
  const runs = Math.ceil(count / width) * width;
  const idleMicros = idle * (after.atMs - before.atMs);
  return {
    step,
    cpuMicros: Math.max(0, after.cpuMicros - before.cpuMicros - idleMicros) / runs,
    bytesIn: (after.bytesIn - before.bytesIn) / runs,
    bytesOut: (after.bytesOut - before.bytesOut) / runs,
  };
}

/** Its own timers, and the asking. */
async function idlePerMs(admin: Redis): Promise<number> {
  const before = await usedBy(admin);
  await sleep(systemClock, 300);
  const after = await usedBy(admin);
  return (after.cpuMicros - before.cpuMicros) / (after.atMs - before.atMs);
}

async function usedBy(admin: Redis): Promise<Used> {
  const text = await admin.info('everything');
  const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    cpuMicros: (field('used_cpu_sys') + field('used_cpu_user')) * 1e6,
    bytesIn: field('total_net_input_bytes'),
    bytesOut: field('total_net_output_bytes'),
    atMs: systemClock.monotonicMs(),
  };
}

/** Of an instance with two namespaces. */
const announcement: Announcement = {
  instanceId: 'x'.repeat(36),
  name: 'api-1',
  version: '0.1.0',
  mode: 'sidecar',
  upMs: 1_000_000,
  everyMs: 2_000,
  namespaces: ['main', 'conversations'].map((namespace) => ({
    namespace,
    position: '123-4567',
    tidemarkAgeMs: 321,
    boundMs: 2_000,
  })),
  l1: { entries: 10_000, hits: 1_000_000_000, l2Hits: 100_000, loads: 100_000 },
  leases: { live: 3, regions: 3 },
  redisErrors: 0,
  problems: [],
};
