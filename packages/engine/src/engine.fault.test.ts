// Whole engines while their servers are killed, frozen, flushed and restarted: rounds resume by themselves, and an oracle
// of every commit finds each of them in a record, or before a reset, of a follower that does what instances do (R1, R2,
// R6).
import {
  type FaultProxy,
  type PostgresServer,
  type RedisServer,
  startFaultProxy,
  startRedis,
  until,
} from '@tidemark/devstack';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { type Head, namespaceKeys, type NamespaceKeys } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type RunningEngine } from './engine.ts';
import { postgresJournal } from './journal/postgres-journal.ts';
import { CommitOracle } from './testing/commit-oracle.ts';
import { startDatabase } from './testing/database.ts';
import { Follower } from './testing/follower.ts';
import { stored } from './testing/publisher.ts';

const keyPrefix = 'copilot';

let postgres: PostgresServer;
let server: RedisServer;
let redis: Redis;
let keys: NamespaceKeys;
let log: RecordedLog;
let follower: Follower;
let oracle: CommitOracle;
let engines: RunningEngine[];
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  keys = namespaceKeys(keyPrefix, 'main');
  log = new RecordedLog();
  engines = [];
});

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

interface Scene {
  readonly isPersistent?: boolean;
  readonly engineCount?: number;
  /** Where the engines find Redis; default: the server itself. */
  readonly urlOf?: (server: RedisServer) => Promise<string>;
}

async function setUp({ isPersistent = false, engineCount = 1, urlOf }: Scene = {}): Promise<void> {
  [postgres, server] = await Promise.all([startDatabase(keyPrefix), startRedis({ isPersistent })]);
  redis = new Redis(server.url, {
    retryStrategy: () => 20,
    commandTimeout: 1_000,
    enableOfflineQueue: false,
  });
  redis.on('error', () => {});
  open.push(postgres, server, { close: () => redis.disconnect() });
  const url = urlOf === undefined ? server.url : await urlOf(server);
  for (let count = 0; count < engineCount; count += 1) startEngine(url);
  await until(async () => (await headOf()) !== undefined, { what: 'a head' });
  follower = new Follower(server.url, keys);
  open.push(follower);
  await follower.start();
  oracle = new CommitOracle({
    databaseUrl: postgres.url,
    redis,
    keys,
    prefix: `${keyPrefix}:item`,
    follower,
  });
  open.push(oracle);
  await commits(5);
  await untilTold();
}

function startEngine(url: string): void {
  const journal = postgresJournal({ connectionString: postgres.url, statementTimeoutMs: 500 });
  const engine = createEngine({ journal, roundEvery: '50ms', readTimeout: '500ms', logger: log });
  engines.push(engine);
  open.push(engine);
  engine.start({ redis: url, keyPrefix });
}

async function headOf(): Promise<Head | undefined> {
  return (await stored(redis, keyPrefix).catch(() => undefined))?.head;
}

async function commits(count: number): Promise<void> {
  for (let commit = 0; commit < count; commit += 1) await oracle.commit();
}

/** Everything committed up to now is covered, and whoever asks Redis now gets nothing older. */
async function untilTold(): Promise<void> {
  await until(
    async () => {
      await follower.catchUp();
      return oracle.missed().length === 0;
    },
    { what: 'every commit in a record or before a reset' },
  );
  const head = await headOf();
  if (head !== undefined) expect(await oracle.staleInL2(head)).toEqual([]);
}

/** A commit made now is covered by a record, which only a round can have published. */
async function untilRoundsResume(): Promise<void> {
  await until(async () => (await oracle.commit()) !== undefined, { what: 'a commit' });
  await until(
    async () => {
      await follower.catchUp();
      return engines.some((engine) => engine.status().namespaces[0]?.loop.kind === 'working');
    },
    { what: 'a working engine' },
  );
  await untilTold();
  const before = await headOf();
  await until(async () => ((await headOf())?.done ?? 0) > (before?.done ?? 0), { what: 'rounds that go on' });
}

/** Whoever worked has noticed; whoever stands by asks Redis alone. */
async function isFailing(): Promise<void> {
  await until(
    () => {
      const kinds = new Set(engines.map((engine) => engine.status().namespaces[0]?.loop.kind));
      return kinds.has('failing') && !kinds.has('working');
    },
    { what: 'engines that notice' },
  );
}

const faults: Record<string, { scene?: Scene; happen: () => Promise<void> }> = {
  'Redis is killed and comes back empty': {
    happen: async () => {
      await server.kill();
      await commits(3);
      await isFailing();
      await server.start();
    },
  },
  'Redis is killed and comes back with its data': {
    scene: { isPersistent: true },
    happen: async () => {
      await server.kill();
      await commits(3);
      await server.start();
    },
  },
  'Redis comes back with the data of an earlier moment': {
    scene: { isPersistent: true },
    happen: async () => {
      const earlier = await server.snapshot();
      await commits(5);
      await untilTold();
      await server.restart({ from: earlier });
    },
  },
  'Redis is flushed': {
    happen: async () => {
      await commits(3);
      await redis.flushall();
    },
  },
  'Redis stands still for longer than a script may take': {
    happen: async () => {
      await server.freeze();
      await isFailing();
      await commits(3);
      server.thaw();
    },
  },
  'PostgreSQL restarts': { happen: () => postgres.restart() },
  'PostgreSQL crashes and recovers': {
    happen: async () => {
      await postgres.kill();
      await isFailing();
      await postgres.start();
    },
  },
  'PostgreSQL stands still': {
    happen: async () => {
      await postgres.freeze();
      await isFailing();
      postgres.thaw();
    },
  },
};

describe('rounds resume without an operator, and no commit is lost, when', () => {
  test.each(Object.entries(faults))('%s', async (_name, { scene, happen }) => {
    await setUp(scene);
    const before = await headOf();
    await happen();
    await untilRoundsResume();
    await commits(5);
    await untilTold();
    const head = await headOf();
    expect(head?.position.generation).toBeGreaterThanOrEqual(before?.position.generation ?? 0);
    // Told once, and once when it was over: never a line per round.
    expect(log.told('warn').filter((line) => line.startsWith('rounds fail')).length).toBeLessThanOrEqual(2);
  });

  test('all of it happens in turn to two engines', async () => {
    await setUp({ isPersistent: true, engineCount: 2 });
    for (const { happen } of Object.values(faults)) {
      await happen();
      await untilRoundsResume();
    }
    await commits(5);
    await untilTold();
    expect(oracle.commits.length).toBeGreaterThan(20);
  });
});

describe('a connection to Redis that is open and dead', () => {
  test('is given up, and the next one leads to a server that answers (R6)', async () => {
    let back: FaultProxy | undefined;
    let front: FaultProxy | undefined;
    await setUp({
      urlOf: async (target) => {
        back = await startFaultProxy({ target });
        front = await startFaultProxy({ target: back });
        open.push(back, front);
        return front.urlFor(target.url);
      },
    });
    // What is open stays open and says nothing; what is opened from now on is well.
    front?.retarget(server);
    back?.silence();
    await commits(3);
    await untilRoundsResume();
  });
});
