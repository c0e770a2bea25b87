import { startRedis, type RedisServer, type Stack, startStack, until } from '@tidemark/devstack';
import { namespaceKeys, parseHead } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordListener } from './testing/record-listener.ts';
import { runSql } from './testing/run-sql.ts';
import { SentinelProcess } from './testing/sentinel-process.ts';
import { SidecarProcess } from './testing/sidecar-process.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const { head } = namespaceKeys('copilot', 'main');

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ redis: false, realtime: false });
});

afterAll(() => stack.close());

async function generationOf(server: RedisServer): Promise<number | undefined> {
  const redis = new Redis(server.url);
  redis.on('error', () => {});
  try {
    return parseHead((await redis.get(head)) ?? '')?.position.generation;
  } finally {
    redis.disconnect();
  }
}

// A server that somebody else runs can not be killed, and names no program for the sentinel.
it.skipIf(process.env['REDIS_URL'])(
  'a sidecar behind Sentinel publishes to the primary, and to the next one after a failover',
  async () => {
    await using first = await startRedis();
    await using second = await startRedis({ replicaOf: first });
    await using sentinel = await SentinelProcess.start('mymaster', first);
    await using sidecar = new SidecarProcess({
      DATABASE_URL: stack.databaseUrl,
      REDIS_SENTINELS: `127.0.0.1:${sentinel.port}`,
      REDIS_SENTINEL_NAME: 'mymaster',
    });
    await sidecar.ready('working');
    expect(sidecar.told('the sidecar has started')?.redis).toBe(
      `mymaster of the sentinels 127.0.0.1:${sentinel.port}`,
    );
    {
      await using listener = await RecordListener.listen(first.url, 'main');
      await insertPolicy('before');
      await listener.hears(policies, 'before');
    }
    await until(async () => (await generationOf(second)) !== undefined, {
      what: 'the replica to have the head',
    });
    await until(() => sentinel.hasReplica('mymaster'), {
      what: 'the sentinel to know the replica',
      everyMs: 50,
    });
    const before = await generationOf(first);

    await first.kill();
    await until(async () => ((await generationOf(second)) ?? 0) > (before ?? 0), {
      what: 'the sidecar to go on at the new primary',
      deadlineMs: 30_000,
    });
    await using listener = await RecordListener.listen(second.url, 'main');
    await sidecar.ready('working');
    await insertPolicy('after');
    await listener.hears(policies, 'after');
  },
  60_000,
);

function insertPolicy(tenant: string): Promise<void> {
  return runSql(
    stack.databaseUrl,
    `insert into ${policies} (tenant_id, default_model, default_provider) values ('${tenant}', 'm', 'p')`,
  );
}
