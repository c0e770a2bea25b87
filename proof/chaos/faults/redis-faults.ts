// Redis dead, frozen, slow, silent, empty, older than it was, and failed over to a replica that lost writes.
import { startFaultProxy } from '@tidemark/devstack';
import type { Fault, Stage } from './fault.ts';

const killed: Fault = {
  name: 'Redis killed',
  what: 'kill -9 of Redis; it comes back with its data',
  part: 'redis',
  async run({ scene, moment }) {
    await scene.redis.server.kill();
    await moment();
    await scene.redis.server.start();
  },
};

const frozen: Fault = {
  name: 'Redis stopped',
  what: 'SIGSTOP of Redis for longer than the bound: connections stay open, nothing answers',
  part: 'redis',
  async run({ scene, outlast }) {
    await scene.redis.server.freeze();
    await outlast();
    scene.redis.server.thaw();
  },
};

const partitioned: Fault = {
  name: 'Redis partitioned',
  what: 'one instance is cut off from Redis for longer than the bound',
  part: 'redis',
  async run({ scene, outlast }) {
    const proxy = scene.instances[0]?.proxy;
    await proxy?.cut();
    await outlast();
    await proxy?.heal();
  },
};

const halfOpen: Fault = {
  name: 'Redis half-open',
  what: 'the connections of one instance stay open and carry nothing, for longer than the bound; then, of a sidecar',
  part: 'redis',
  async run({ scene, outlast }) {
    for (const proxy of [scene.instances[2]?.proxy, scene.sidecars[0]?.proxy]) {
      proxy?.silence();
      await outlast();
      await proxy?.heal();
    }
  },
};

const deaf: Fault = {
  name: 'replies lost',
  what: 'what a sidecar sends arrives, what Redis answers does not: every publish has an unknown outcome',
  part: 'redis',
  async run({ scene, moment }) {
    for (const { proxy } of scene.sidecars) {
      proxy.silence('toClient');
      await moment();
      // The answers that were under way are lost with their connections.
      proxy.cutConnections();
      await proxy.heal();
      await moment();
    }
  },
};

const slow: Fault = {
  name: 'Redis 300 ms slow',
  what: 'every answer of Redis is 300 ms late, for everybody, for longer than the bound',
  part: 'redis',
  async run({ scene, outlast }) {
    for (const proxy of scene.redis.proxies) proxy.delay(300, 'toClient');
    await outlast();
    await Promise.all(scene.redis.proxies.map((proxy) => proxy.heal()));
  },
};

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

const flushed: Fault = {
  name: 'FLUSHALL',
  what: 'FLUSHALL, three times',
  part: 'redis',
  async run({ scene, moment }) {
    for (let time = 0; time < 3; time += 1) {
      await scene.redis.run((redis) => redis.flushall());
      await moment();
    }
  },
};

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

const pubsubKilled: Fault = {
  name: 'pub/sub connections killed',
  what: 'CLIENT KILL TYPE pubsub, eight times',
  part: 'redis',
  async run({ scene, moment }) {
    for (let time = 0; time < 8; time += 1) {
      await scene.redis.run((redis) => redis.client('KILL', 'TYPE', 'pubsub'));
      await moment();
    }
  },
};

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

const allConnectionsReset: Fault = {
  name: 'connections reset',
  what: 'every connection to Redis is reset, six times',
  part: 'redis',
  async run({ scene, moment }) {
    for (let time = 0; time < 6; time += 1) {
      for (const proxy of scene.redis.proxies) proxy.cutConnections();
      await moment();
    }
  },
};

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
