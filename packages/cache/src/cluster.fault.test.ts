// R1, R2, R4 and R6 on a real Redis Cluster: three namespaces on three masters, three instances and one engine for all of
// them, while masters die, hand over and come back, and slots move. Every answer is judged against what was committed when.
import { createEngine, postgresJournal, type RunningEngine } from '@tidemark/engine';
import {
  type RedisCluster,
  type RedisServer,
  type Stack,
  startRedisCluster,
  startStack,
  until,
} from '@tidemark/devstack';
import { type ClusterOption, namespaceKeys, parseHead } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cache, createCache } from './cache.ts';
import type { Region } from './region.ts';
import { History } from './testing/history.ts';
import {
  createItemsIn,
  findSurvivors,
  type ItemPlace,
  loadItem,
  startLoad,
  type Versioned,
} from './testing/load.ts';

const boundMs = 1_000;

/** Of which each is the slot of another master. */
const places: readonly ItemPlace[] = ['main', 'orders', 'a'].map((namespace) => ({
  table: `public.item_${namespace}`,
  namespace,
  prefix: `copilot:item:${namespace}`,
}));

interface Scene {
  readonly place: ItemPlace;
  readonly slot: number;
  readonly history: History;
  readonly regions: readonly Region<Versioned>[];
  readonly load: ReturnType<typeof startLoad>;
}

let stack: Stack;
let cluster: RedisCluster;
let redis: ClusterOption;
let pool: Pool;
let engine: RunningEngine;
let caches: Cache[];
let scenes: Scene[];

beforeAll(async () => {
  [stack, cluster] = await Promise.all([
    startStack({ redis: false, realtime: false }),
    startRedisCluster({ replicas: 1 }),
  ]);
  redis = { kind: 'cluster', nodes: cluster.addresses };
  pool = new Pool({ connectionString: stack.databaseUrl, max: 20 });
  pool.on('error', () => {});
  const histories = places.map(() => new History(boundMs));
  for (const [at, place] of places.entries()) {
    await createItemsIn(place, { pool, history: histories[at] ?? new History(boundMs), count: 20 });
  }
  engine = createEngine({
    journal: postgresJournal({ connectionString: stack.databaseUrl }),
    roundEvery: 60,
  });
  engine.start({ redis, keyPrefix: 'copilot' });
  caches = [1, 2, 3].map(() => createCache({ redis }));
  scenes = await Promise.all(
    places.map((place, at) => startScene(place, histories[at] ?? new History(boundMs))),
  );
});

afterAll(async () => {
  await Promise.all(scenes.map(({ load }) => load.stop()));
  await Promise.all(caches.map((cache) => cache.close()));
  await engine.close();
  await pool.end();
  await cluster.close();
  await stack.close();
});

async function startScene(place: ItemPlace, history: History): Promise<Scene> {
  const { table, namespace } = place;
  const regions = caches.map((cache) =>
    cache.region<Versioned>({
      name: `item:${namespace}`,
      table,
      namespace,
      ttl: '5m',
      maxStaleness: boundMs,
      load: (key) => loadItem(pool, key, table),
    }),
  );
  await healed();
  const load = startLoad({ pool, history, regions, writers: 1, table });
  return { place, slot: await slotOf(namespace), history, regions, load };
}

async function slotOf(namespace: string): Promise<number> {
  return onAnyNode((node) => node.cluster('KEYSLOT', namespaceKeys('copilot', namespace, 'slots').head));
}

async function onAnyNode<T>(ask: (node: Redis) => Promise<T>): Promise<T> {
  const running = cluster.nodes.find(({ pid }) => pid !== undefined);
  const node = new Redis(running?.url ?? '');
  try {
    return await ask(node);
  } finally {
    node.disconnect();
  }
}

/** Until every instance trusts its entries again. */
async function healed(): Promise<void> {
  await Promise.all(caches.map((cache) => cache.ready()));
}

function sceneOf(namespace: string): Scene {
  const scene = scenes.find(({ place }) => place.namespace === namespace);
  if (scene === undefined) throw new Error(`no scene ${namespace}`);
  return scene;
}

/** The master of `main`, and its replica. */
async function pair(): Promise<{ master: RedisServer; replica: RedisServer }> {
  const master = await cluster.masterOf(sceneOf('main').slot);
  const [replica] = await cluster.replicasOf(master);
  if (replica === undefined) throw new Error('the master of main has no replica');
  return { master, replica };
}

const faults: Record<string, () => Promise<void>> = {
  'without a fault': () => pause(boundMs),
  'while the replica of a namespace takes over in order': async () => {
    await cluster.failOver((await pair()).replica);
  },
  'while a replica takes over without asking anybody': async () => {
    await cluster.failOver((await pair()).replica, 'TAKEOVER');
  },
  'while a master is killed and its replica elected': async () => {
    const { master, replica } = await pair();
    await master.kill();
    await until(
      async () => (await cluster.masterOf(sceneOf('main').slot).catch(() => undefined)) === replica,
      {
        what: 'the replica to be elected',
        deadlineMs: 30_000,
      },
    );
    await pause(boundMs);
    await master.start();
  },
  'while a master is silent, another elected, and the old one comes back': async () => {
    const { master, replica } = await pair();
    await master.freeze();
    await until(async () => (await masterByOthers()) === replica.port, {
      what: 'the replica to be elected',
      deadlineMs: 30_000,
      everyMs: 50,
    });
    await pause(boundMs);
    master.thaw();
  },
  'while a master restarts empty before anybody takes over': async () => {
    const { master } = await pair();
    await master.kill();
    await master.start();
  },
  'while the slot of a namespace moves, slowly, and back': async () => {
    const { slot } = sceneOf('main');
    const from = await cluster.masterOf(slot);
    const to = await cluster.masterOf(sceneOf('orders').slot);
    await cluster.moveSlot({ slot, to, halfway: () => pause(boundMs / 2) });
    await pause(boundMs);
    await cluster.moveSlot({ slot, to: from });
  },
  'while every namespace moves to one master': async () => {
    const to = await cluster.masterOf(sceneOf('a').slot);
    for (const { slot } of scenes)
      if ((await cluster.masterOf(slot)) !== to) await cluster.moveSlot({ slot, to });
  },
};

/** Asked of a node that is not frozen: the replicas of the other namespaces. */
async function masterByOthers(): Promise<number> {
  const { slot } = sceneOf('main');
  const node = new Redis((await cluster.masterOf(sceneOf('a').slot)).url);
  try {
    const ranges = await node.cluster('SLOTS');
    return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2]?.[1] ?? 0;
  } finally {
    node.disconnect();
  }
}

it('the namespaces are on three masters, and one engine serves all of them', async () => {
  const masters = await Promise.all(scenes.map(({ slot }) => cluster.masterOf(slot)));
  expect(new Set(masters).size).toBe(3);
  expect(engine.status()).toMatchObject({ redis: 'connected' });
  for (const { place, slot } of scenes) {
    const node = new Redis((await cluster.masterOf(slot)).url);
    const { head } = namespaceKeys('copilot', place.namespace, 'slots');
    expect(parseHead((await node.get(head)) ?? '')).toBeDefined();
    node.disconnect();
  }
});

describe('three instances on a Redis Cluster', () => {
  const rows = Object.entries(faults).map(([fault, run]) => ({ fault, run }));
  it.for(rows)('serve nothing beyond the bound and fail no read $fault (R1, R4, R6)', async ({ run }) => {
    for (const { history, load } of scenes) {
      history.takeVerdict();
      load.takeErrors();
    }
    await run();
    await cluster.settle();
    // Longer than the bound: what a fault leaves behind shows afterwards.
    await pause(1.5 * boundMs);
    await healed();
    const verdicts = scenes.map(({ history, load }) => ({
      ...history.takeVerdict(),
      errors: load.takeErrors(),
    }));
    for (const verdict of verdicts) {
      expect(verdict).toMatchObject({ beyondBound: 0, errors: [] });
      expect(verdict.reads).toBeGreaterThan(100);
    }
  });

  it('share values through L2', () => {
    for (const { regions } of scenes) {
      expect(regions.reduce((sum, region) => sum + region.status().l2Hits, 0)).toBeGreaterThan(0);
    }
  });

  it('serve nothing old once the writers rest (R2)', async () => {
    for (const { load, history, regions } of scenes) {
      await load.stop();
      await pause(boundMs);
      expect(await findSurvivors(regions, history)).toEqual([]);
    }
  });
});
