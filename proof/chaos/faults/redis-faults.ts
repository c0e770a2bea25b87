// Redis dead, frozen, slow, silent, empty, older than it was, and failed over to a replica that lost writes.
import { startFaultProxy } from '@tidemark/devstack';
import { breaking, type Fault, type Stage, times } from './fault.ts';

const killed = breaking({
  name: 'Redis killed',
  what: 'kill -9 of Redis; it comes back with its data',
  part: 'redis',
  each: ({ redis }) => [redis.server],
  breaks: (server) => server.kill(),
  hold: 'moment',
  heals: (server) => server.start(),
});

const frozen = breaking({
  name: 'Redis stopped',
  what: 'SIGSTOP of Redis for longer than the bound: connections stay open, nothing answers',
  part: 'redis',
  each: ({ redis }) => [redis.server],
  breaks: (server) => server.freeze(),
  hold: 'outlast',
  heals: (server) => server.thaw(),
});

const partitioned = breaking({
  name: 'Redis partitioned',
  what: 'one instance is cut off from Redis for longer than the bound',
  part: 'redis',
  each: ({ instances }) => instances.slice(0, 1),
  breaks: ({ proxy }) => proxy.cut(),
  hold: 'outlast',
  heals: ({ proxy }) => proxy.heal(),
});

const halfOpen = breaking({
  name: 'Redis half-open',
  what: 'the connections of one instance stay open and carry nothing, for longer than the bound; then, of a sidecar',
  part: 'redis',
  each: ({ instances, sidecars }) => [...instances.slice(2), ...sidecars.slice(0, 1)],
  breaks: ({ proxy }) => proxy.silence(),
  hold: 'outlast',
  heals: ({ proxy }) => proxy.heal(),
});

const deaf = breaking({
  name: 'replies lost',
  what: 'what a sidecar sends arrives, what Redis answers does not: every publish has an unknown outcome',
  part: 'redis',
  each: ({ sidecars }) => sidecars,
  breaks: ({ proxy }) => proxy.silence('toClient'),
  hold: 'moment',
  async heals({ proxy }) {
    // The answers that were under way are lost with their connections.
    proxy.cutConnections();
    await proxy.heal();
  },
});

const slow = breaking({
  name: 'Redis 300 ms slow',
  what: 'every answer of Redis is 300 ms late, for everybody, for longer than the bound',
  part: 'redis',
  each: ({ redis }) => [redis.proxies],
  breaks(proxies) {
    for (const proxy of proxies) proxy.delay(300, 'toClient');
  },
  hold: 'outlast',
  heals: (proxies) => Promise.all(proxies.map((proxy) => proxy.heal())),
});

const emptied: Fault = {
  name: 'Redis empty',
  what: 'Redis restarts without its data',
  part: 'redis',
  run: ({ scene }) => scene.redis.server.restart({ isEmpty: true }),
};

const older: Fault = {
  name: 'Redis with an old dump',
  what: 'kill -9 of Redis; it comes back as it was a while ago',
  part: 'redis',
  async run({ scene, outlast }) {
    const snapshot = await scene.redis.server.snapshot();
    await outlast();
    await scene.redis.server.kill();
    await scene.redis.server.restart({ from: snapshot });
  },
};

const flushed = breaking({
  name: 'FLUSHALL',
  what: 'FLUSHALL, three times',
  part: 'redis',
  each: ({ redis }) => times(3, redis),
  breaks: (redis) => redis.run((commands) => commands.flushall()),
  hold: 'moment',
});

/** Keys of another user of the same Redis, until the memory is full and something has to go. */
const strangers = 4_000;

const evicting: Fault = {
  name: 'eviction',
  what: 'Redis is full and evicts any key, values and bookkeeping alike',
  part: 'redis',
  async run(stage) {
    const { redis } = stage.scene;
    await redis.run(async (commands) => {
      const memory = await commands.info('memory');
      const used = Number(/used_memory:(\d+)/.exec(memory)?.[1]);
      await commands.config('SET', 'maxmemory-policy', 'allkeys-random');
      await commands.config('SET', 'maxmemory', String(used + 300_000));
      try {
        for (let wave = 0; wave < 4; wave += 1) {
          for (let key = 0; key < strangers / 4; key += 1) {
            await commands.set(`stranger:${wave}:${key}`, 'x'.repeat(1_000)).catch(() => undefined);
          }
          await stage.moment();
        }
      } finally {
        await commands.config('SET', 'maxmemory', '0');
        await commands.config('SET', 'maxmemory-policy', 'noeviction');
        for (let wave = 0; wave < 4; wave += 1) {
          const names = Array.from({ length: strangers / 4 }, (_, key) => `stranger:${wave}:${key}`);
          await commands.unlink(...names);
        }
      }
    });
  },
};

const failover: Fault = {
  name: 'Redis failover',
  what: 'a replica that lags is promoted while the master still answers: acknowledged writes of Redis are lost',
  part: 'redis',
  run: (stage) => failOver(stage),
};

async function failOver({ scene, moment }: Stage): Promise<void> {
  const { redis } = scene;
  const old = redis.server;
  await using link = await startFaultProxy({ target: old });
  const replica = await redis.startReplica(link);
  await redis.run(async (commands) => {
    while (!(await commands.info('replication')).includes('master_link_status:up')) await moment();
  }, replica);
  // From here on the replica gets nothing more, and the master goes on acknowledging.
  link.silence();
  await moment();
  await redis.promote(replica);
  await moment();
  if (old.pid !== undefined) await old.kill();
}

const pubsubKilled = breaking({
  name: 'pub/sub connections killed',
  what: 'CLIENT KILL TYPE pubsub, eight times',
  part: 'redis',
  each: ({ redis }) => times(8, redis),
  breaks: (redis) => redis.run((commands) => commands.client('KILL', 'TYPE', 'pubsub')),
  hold: 'moment',
});

const messagesLost: Fault = {
  name: '30 % of messages lost',
  what: 'three of ten pub/sub messages are lost, as whole frames, for four bounds',
  part: 'redis',
  async run({ scene, random, outlast }) {
    await scene.redis.losing(
      () => random.next() < 0.3,
      async () => {
        await outlast();
        await outlast();
      },
    );
  },
};

const allConnectionsReset = breaking({
  name: 'connections reset',
  what: 'every connection to Redis is reset, six times',
  part: 'redis',
  each: ({ redis }) => times(6, redis.proxies),
  breaks(proxies) {
    for (const proxy of proxies) proxy.cutConnections();
  },
  hold: 'moment',
});

export const redisFaults: readonly Fault[] = [
  killed,
  frozen,
  partitioned,
  halfOpen,
  deaf,
  slow,
  emptied,
  older,
  flushed,
  evicting,
  failover,
  pubsubKilled,
  messagesLost,
  allConnectionsReset,
];
