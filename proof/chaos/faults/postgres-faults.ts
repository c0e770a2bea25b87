// PostgreSQL restarted, crashed, cut off; a transaction that stays open; a hundred thousand rows at once; a crash that
// loses what it had acknowledged.
import type { PoolClient } from 'pg';
import { bulkKeys, keyName, slowKey } from '../keys.ts';
import { sharedMs } from '../shared-clock.ts';
import type { Scene } from '../parts/scene.ts';
import { breaking, type Fault } from './fault.ts';

const restarted: Fault = {
  name: 'PostgreSQL restarted',
  what: 'an orderly restart; reads that need the source fail meanwhile',
  part: 'postgres',
  breaksSource: true,
  run: ({ scene }) => scene.stack.postgres.restart('fast'),
};

const crashed = breaking({
  name: 'PostgreSQL crashed',
  what: 'kill -9 of the server and its backends; it recovers every acknowledged commit',
  part: 'postgres',
  breaksSource: true,
  each: ({ stack }) => [stack.postgres],
  breaks: (server) => server.kill(),
  hold: 'moment',
  heals: (server) => server.start(),
});

const frozen = breaking({
  name: 'PostgreSQL stopped',
  what: 'SIGSTOP of the whole server for longer than the bound',
  part: 'postgres',
  breaksSource: true,
  each: ({ stack }) => [stack.postgres],
  breaks: (server) => server.freeze(),
  hold: 'outlast',
  heals: (server) => server.thaw(),
});

const cutOff: Fault = {
  name: 'PostgreSQL connections lost',
  what: 'every backend is terminated, and every connection reset, four times',
  part: 'postgres',
  breaksSource: true,
  async run({ scene, moment }) {
    for (let time = 0; time < 4; time += 1) {
      await scene.pool
        .query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where backend_type = 'client backend' and usename <> 'supabase_admin'`,
        )
        .catch(() => undefined);
      await moment();
      scene.stack.proxies.postgres.cutConnections();
      await moment();
    }
  },
};

/** Runs in a transaction of its own. A version counts as committed when COMMIT has returned. */
async function inTransaction(scene: Scene, run: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await scene.pool.connect();
  try {
    await client.query('begin');
    await run(client);
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Adds one to the versions of some rows, and tells the oracle when it is committed. */
async function raise(
  scene: Scene,
  keys: readonly number[],
  during: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const begunMs = sharedMs();
  let written: readonly { id: string; version: number; previous: number }[] = [];
  await inTransaction(scene, async (client) => {
    const result = await client.query<{ id: string; version: number; previous: number }>(
      `update public.item set version = version + 1, previous = version where id = any($1)
       returning id, version, previous`,
      [keys.map(keyName)],
    );
    written = result.rows;
    await during(client);
  });
  const knownMs = sharedMs();
  for (const { id, version, previous } of written) {
    scene.commits.add({ key: Number(id.slice(1)), version, previous, begunMs, knownMs });
  }
}

const longTransaction: Fault = {
  name: 'a long transaction',
  what: 'transactions that wrote stay open for longer than the bound while others commit, then commit',
  part: 'postgres',
  async run({ scene, outlast }) {
    await raise(scene, [slowKey], outlast);
    await raise(scene, [slowKey], outlast);
  },
};

const bulk: Fault = {
  name: '100,000 rows at once',
  what: 'one transaction changes 100,000 rows, twice',
  part: 'postgres',
  async run({ scene, moment }) {
    const keys = Array.from({ length: bulkKeys.count }, (_, index) => bulkKeys.from + index);
    for (let time = 0; time < 2; time += 1) {
      await raise(scene, keys, async (client) => {
        await client.query(`update public.item set version = version + 1 where id like 'filler%'`);
      });
      await moment();
    }
  },
};

const lostCommits: Fault = {
  name: 'acknowledged commits lost',
  what: 'synchronous_commit = off and a crash: commits that were acknowledged are gone (R1 excludes it until the reset)',
  part: 'postgres',
  breaksSource: true,
  losesCommits: true,
  async run({ scene, outlast, moment }) {
    await scene.pool.query('alter system set synchronous_commit = off');
    await scene.pool.query(`alter system set wal_writer_delay = '10s'`);
    await scene.pool.query('select pg_reload_conf()');
    await outlast();
    await scene.stack.postgres.kill();
    await moment();
    await scene.stack.postgres.start();
    await scene.pool.query('alter system reset synchronous_commit');
    await scene.pool.query('alter system reset wal_writer_delay');
    await scene.pool.query('select pg_reload_conf()');
  },
};

export const postgresFaults: readonly Fault[] = [
  restarted,
  crashed,
  frozen,
  cutOff,
  longTransaction,
  bulk,
  lostCommits,
];
