// PostgreSQL restarted, crashed, cut off; a transaction that stays open; a hundred thousand rows at once; a crash that
// loses what it had acknowledged.
import { bulkKeys, keysOf, slowKey } from '../keys.ts';
import { breaking, type Fault } from './fault.ts';
import { raise } from './raise.ts';

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
    for (let time = 0; time < 2; time += 1) {
      await raise(scene, keysOf(bulkKeys), async (client) => {
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
  isAlone: true,
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
