// R1, R2 and R4 under faults, in one process: three caches behind TCP proxies, two engines, real PostgreSQL and Redis.
// Every answer is judged against what was committed when.
import { createEngine, postgresJournal, type RunningEngine } from '@tidemark/engine';
import { type FaultProxy, type Stack, startFaultProxy, startStack } from '@tidemark/devstack';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cache, createCache } from './cache.ts';
import type { Region } from './region.ts';
import { History } from './testing/history.ts';
import {
  createItems,
  findSurvivors,
  itemTable,
  loadItem,
  startLoad,
  type Versioned,
} from './testing/load.ts';

const boundMs = 1_000;
const history = new History(boundMs);

let stack: Stack;
let proxies: FaultProxy[];
let engineProxy: FaultProxy;
let pool: Pool;
let engines: RunningEngine[];
let caches: Cache[];
let regions: Region<Versioned>[];
let load: ReturnType<typeof startLoad>;

function startEngine(): RunningEngine {
  const journal = postgresJournal({ connectionString: stack.databaseUrl });
  const engine = createEngine({ journal, roundEvery: 60 });
  engine.start({ redis: redisBehind(engineProxy), keyPrefix: 'copilot' });
  return engine;
}

function redisBehind(proxy: FaultProxy): string {
  return `redis://127.0.0.1:${proxy.port}`;
}

/** Until every instance trusts its entries again. */
async function healed(): Promise<void> {
  await Promise.all(caches.map((cache) => cache.ready()));
}

beforeAll(async () => {
  stack = await startStack({ redis: { isPersistent: true }, realtime: false });
  const target = { host: '127.0.0.1', port: stack.redis.port };
  proxies = await Promise.all([1, 2, 3].map(() => startFaultProxy({ target })));
  engineProxy = await startFaultProxy({ target });
  pool = new Pool({ connectionString: stack.databaseUrl, max: 20 });
  pool.on('error', () => {});
  await createItems(pool, history, 50);
  engines = [startEngine(), startEngine()];
  caches = proxies.map((proxy) => createCache({ redis: redisBehind(proxy) }));
  regions = caches.map((cache) =>
    cache.region<Versioned>({
      name: 'item',
      table: itemTable,
      ttl: '5m',
      maxStaleness: boundMs,
      load: (key) => loadItem(pool, key),
    }),
  );
  await healed();
  load = startLoad({ pool, history, regions, writers: 3 });
});

afterAll(async () => {
  await Promise.all(caches.map((cache) => cache.close()));
  await Promise.all(engines.map((engine) => engine.close()));
  await pool.end();
  await Promise.all([...proxies, engineProxy].map((proxy) => proxy.close()));
  await stack.close();
});

const faults: Record<string, () => Promise<void>> = {
  'without a fault': () => pause(boundMs),
  'with Redis frozen for three bounds': async () => {
    await stack.redis.freeze();
    await pause(3 * boundMs);
    stack.redis.thaw();
  },
  'with Redis killed and back empty': () => stack.redis.restart({ isEmpty: true }),
  'with Redis killed and back with its data': async () => {
    await stack.redis.kill();
    await stack.redis.restart();
  },
  'with Redis back in an older state': async () => {
    const snapshot = await stack.redis.snapshot();
    await pause(boundMs);
    await stack.redis.kill();
    await stack.redis.restart({ from: snapshot });
  },
  'with one instance cut off from Redis': async () => {
    await proxies[0]?.cut();
    await pause(2 * boundMs);
    await proxies[0]?.heal();
  },
  'with half-open connections of one instance': async () => {
    proxies[1]?.silence();
    await pause(3 * boundMs);
    await proxies[1]?.heal();
  },
  'with every answer of Redis 300 ms late': async () => {
    for (const proxy of proxies) proxy.delay(300);
    await pause(2 * boundMs);
    for (const proxy of proxies) await proxy.heal();
  },
  'with the engines cut off from Redis': async () => {
    await engineProxy.cut();
    await pause(2 * boundMs);
    await engineProxy.heal();
  },
  'with every connection reset, again and again': async () => {
    for (let round = 0; round < 5; round += 1) {
      for (const proxy of [...proxies, engineProxy]) proxy.cutConnections();
      await pause(boundMs / 4);
    }
  },
  'with both engines gone and two new ones': async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await pause(boundMs);
    engines = [startEngine(), startEngine()];
  },
};

describe('three instances under load (#44)', () => {
  const rows = Object.entries(faults).map(([fault, run]) => ({ fault, run }));
  it.for(rows)('serve nothing beyond the bound and fail no read $fault (R1, R4)', async ({ run }) => {
    history.takeVerdict();
    load.takeErrors();
    await run();
    // Longer than the bound: what a fault leaves behind shows afterwards.
    await pause(1.5 * boundMs);
    await healed();
    const verdict = history.takeVerdict();

    expect(verdict.reads).toBeGreaterThan(1_000);
    expect(verdict.beyondBound).toBe(0);
    expect(load.takeErrors()).toEqual([]);
  });

  it('serve nothing beyond the bound after PostgreSQL crashed and recovered (R1)', async () => {
    history.takeVerdict();
    await stack.postgres.restart('immediate');
    await pause(1.5 * boundMs);
    await healed();

    expect(history.takeVerdict().beyondBound).toBe(0);
  });

  it('serve nothing old once the writers rest (R2)', async () => {
    await load.stop();
    await pause(boundMs);

    expect(await findSurvivors(regions, history)).toEqual([]);
  });
});
