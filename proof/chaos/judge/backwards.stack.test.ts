// Why reads may go back in time within the bound, on real servers, one step at a time: the one case that the protocol
// leaves open (docs/chaos.md tells it), and its end.
import { createCache, type Region } from '@tidemark/cache';
import { type Stack, startStack, until } from '@tidemark/devstack';
import { createEngine, postgresJournal, type RunningEngine } from '@tidemark/engine';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { expect, it } from 'vitest';
import { regionName, table, ttlMs } from '../keys.ts';
import { startLossyProxy } from '../parts/lossy-proxy.ts';
import { createTableSql, trackSql } from '../parts/scene.ts';
import type { Item } from '../instance/contestant.ts';

/** Long, so that no head is read and no gap found between two steps. */
const maxStaleness = '16s';

class Instance implements AsyncDisposable {
  readonly region: Region<Item>;
  readonly #cache;

  constructor(redis: string, pool: Pool) {
    this.#cache = createCache({ redis });
    this.region = this.#cache.region<Item>({
      name: regionName,
      table,
      ttl: ttlMs,
      maxStaleness,
      load: async (id) => {
        const { rows } = await pool.query<Item>('select version from public.item where id = $1', [id]);
        return rows[0] ?? null;
      },
    });
  }

  get position(): string | null | undefined {
    return this.#cache.status().namespaces[0]?.position;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cache.close();
  }
}

function startRounds(stack: Stack): RunningEngine {
  const engine = createEngine({
    journal: postgresJournal({ connectionString: stack.databaseUrl }),
    roundEvery: 50,
  });
  engine.start({ redis: stack.redisUrl, keyPrefix: 'copilot' });
  return engine;
}

async function versionAt({ region }: Instance): Promise<number | undefined> {
  return (await region.get('k0'))?.version;
}

it('an answer of L2 may be older than one of the source before it, until the round that proves the newer', async () => {
  await using parts = new AsyncDisposableStack();
  const stack = parts.use(await startStack());
  const pool = new Pool({ connectionString: stack.postgres.urlFor('supabase_admin') });
  parts.defer(() => pool.end());
  await pool.query(`${createTableSql}; insert into public.item (id) values ('k0'); ${trackSql}`);
  const commit = (version: number): Promise<unknown> =>
    pool.query('update public.item set version = $1', [version]);
  let isDeaf = false;
  const lossy = parts.use(await startLossyProxy({ target: stack.redis, isLost: () => isDeaf }));
  const reader = parts.use(new Instance(`redis://${lossy.host}:${lossy.port}`, pool));
  const other = parts.use(new Instance(stack.redisUrl, pool));
  const redis = new Redis(stack.redisUrl);
  parts.defer(() => redis.disconnect());
  let engine = startRounds(stack);
  parts.defer(() => engine.close());
  await until(() => [reader, other].every(({ region }) => region.status().lease === 'live'));

  /** @returns whether the reader went back from `first + 1` to `first` */
  async function goBack(first: number): Promise<boolean> {
    // A first change, whose record the reader does not hear; the other instance puts its version into L2.
    isDeaf = true;
    await commit(first);
    await until(async () => {
      const version = await versionAt(other);
      const shared = await redis.get(`copilot:${regionName}:k0`);
      return version === first && shared?.includes(`:${first}}`) === true;
    });
    // A second change, which no round has seen yet. The reader asks the source.
    await engine.close();
    await commit(first + 1);
    expect(await reader.region.get('k0', { fresh: true })).toEqual({ version: first + 1 });
    // The record of the first change arrives late: it names the row, and takes the newer version with it.
    isDeaf = false;
    await redis.client('KILL', 'TYPE', 'pubsub');
    await until(() => reader.position === other.position);
    const later = await versionAt(reader);
    // Back within the bound, and not for long.
    engine = startRounds(stack);
    await until(async () => (await versionAt(reader)) === first + 1);
    return later === first;
  }

  let first = -1;
  // A head that was read in between filled the gap too early: once more.
  await until(() => goBack((first += 2)));
});
